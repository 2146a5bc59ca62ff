"""Keys that a process needs at its start, as settings or in files that nobody else reads."""

from __future__ import annotations

import base64
import binascii
import logging
import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from .settings import BadSetting

log = logging.getLogger(__name__)

KEY_BYTES = 32
"""Of a key that is made, and at least of any other."""

_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2})+")


@dataclass(frozen=True)
class KeyKind:
    name: str
    """In messages, such as ``pepper``."""
    purpose: str
    """What the log says of a new one."""

    def in_file(self, file: Path, setting: str) -> bytes:
        """Of a file that nobody else reads; a missing one is made. Raises ``BadSetting``."""
        return self.from_text(self.text_in(file, setting), f"{setting}: {file}")

    def text_in(self, file: Path, setting: str) -> str:
        """The same, as it stands there."""
        try:
            if not file.exists():
                self._make(file)
            if file.stat().st_mode & 0o077:
                log.warning("%s could be read by others; now it has mode 0600", file)
                file.chmod(0o600)
            return file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadSetting(
                f"{setting}: {file}: no {self.name} that only its owner reads: {error}"
            ) from None

    def from_text(self, text: str, place: str) -> bytes:
        """Of hexadecimal or base64, whose padding may be missing. Raises ``BadSetting`` without the text."""
        try:
            key = bytes.fromhex(text) if _HEXADECIMAL.fullmatch(text) else _decoded(text)
        except (binascii.Error, ValueError):
            raise BadSetting(f"{place}: the {self.name} is neither hexadecimal nor base64") from None
        if len(key) < KEY_BYTES:
            raise BadSetting(f"{place}: the {self.name} has fewer than {KEY_BYTES} bytes")
        return key

    def _make(self, file: Path) -> None:
        """Whole or not at all, as several processes may start at once; and durable before it is used."""
        with NamedTemporaryFile("w", dir=file.parent) as new:  # 0600
            new.write(secrets.token_hex(KEY_BYTES))
            new.flush()
            os.fsync(new.fileno())
            with suppress(FileExistsError):
                os.link(new.name, file)
                log.info("made %s, %s", file, self.purpose)
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _decoded(text: str) -> bytes:
    standard = text.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
