"""The pepper: the key with which secrets are hashed, kept apart from the store, so that nobody can guess them
who has only the store or a copy of it. This module alone knows where the pepper is, and never shows it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Self

from .settings import BadSetting, Settings

log = logging.getLogger(__name__)

MIN_PEPPER_BYTES = 32

EMULATOR_KEY = b"What is on an emulator is public"
"""Emulators have no authentication and keep nothing, so nothing there is secret."""

_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2})+")


class Pepper:
    """Without it, what it has hashed is worth nothing: those secrets must be set anew."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.scheme = f"hmac-sha256:{self.digest('id', b'')[:8]}"
        """How and with which pepper its digests were made, so that those of another one are told apart."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """From ``CSMS_PEPPER``, else ``CSMS_PEPPER_FILE``, else the data folder. A missing file is made.

        Raises ``BadSetting``, also on Firestore without either setting: its processes need the same pepper.
        """
        if settings.pepper is not None:
            return cls(_key_of(settings.pepper.get_secret_value(), "CSMS_PEPPER"))
        if settings.pepper_file is not None:
            return cls(_key_in(settings.pepper_file, "CSMS_PEPPER_FILE"))
        if settings.backend == "embedded":
            return cls(_key_in(settings.data_dir / "pepper", "CSMS_DATA_DIR"))
        if settings.firestore_emulator_host:
            return cls(EMULATOR_KEY)
        raise BadSetting(
            "CSMS_PEPPER: is missing: services on Firestore need 32 random bytes, in hexadecimal or base64, "
            "as the key with which secrets are hashed, or CSMS_PEPPER_FILE"
        )

    def digest(self, purpose: str, data: bytes) -> str:
        """HMAC-SHA256 in hexadecimal. The same data have another digest for another purpose."""
        return hmac.digest(self._key, purpose.encode() + b"\0" + data, "sha256").hex()


def _key_in(file: Path, setting: str) -> bytes:
    """Of a file that nobody else reads. Raises ``BadSetting``."""
    try:
        if not file.exists():
            _make(file)
        if file.stat().st_mode & 0o077:
            log.warning("%s could be read by others; now it has mode 0600", file)
            file.chmod(0o600)
        return _key_of(file.read_text().strip(), f"{setting}: {file}")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{setting}: {file}: no pepper that only its owner reads: {error}") from None


def _make(file: Path) -> None:
    """Whole or not at all, as several processes may start at once; and durable before it is used."""
    with NamedTemporaryFile("w", dir=file.parent) as new:  # 0600
        new.write(secrets.token_hex(MIN_PEPPER_BYTES))
        new.flush()
        os.fsync(new.fileno())
        with suppress(FileExistsError):
            os.link(new.name, file)
            log.info("made %s, the key with which secrets are hashed: they are lost without it", file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _key_of(text: str, place: str) -> bytes:
    """Of hexadecimal or base64, whose padding may be missing. Raises ``BadSetting`` without the text."""
    try:
        key = bytes.fromhex(text) if _HEXADECIMAL.fullmatch(text) else _decoded(text)
    except (binascii.Error, ValueError):
        raise BadSetting(f"{place}: the pepper is neither hexadecimal nor base64") from None
    if len(key) < MIN_PEPPER_BYTES:
        raise BadSetting(f"{place}: the pepper has fewer than {MIN_PEPPER_BYTES} bytes")
    return key


def _decoded(text: str) -> bytes:
    standard = text.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
