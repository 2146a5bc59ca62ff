"""The pepper: the key with which secrets are hashed, kept apart from the store, so that nobody can guess them
who has only the store or a copy of it. This module alone knows where the pepper is, and never shows it.
"""

from __future__ import annotations

import hmac
from typing import Self

from .key_files import KeyKind
from .settings import BadSetting, Settings

PEPPER = KeyKind("pepper", "the key with which secrets are hashed: they are lost without it")

EMULATOR_KEY = b"What is on an emulator is public"
"""Emulators have no authentication and keep nothing, so nothing there is secret."""


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
            return cls(PEPPER.from_text(settings.pepper.get_secret_value(), "CSMS_PEPPER"))
        if settings.pepper_file is not None:
            return cls(PEPPER.in_file(settings.pepper_file, "CSMS_PEPPER_FILE"))
        if settings.backend == "embedded":
            return cls(PEPPER.in_file(settings.data_dir / "pepper", "CSMS_DATA_DIR"))
        if settings.firestore_emulator_host:
            return cls(EMULATOR_KEY)
        raise BadSetting(
            "CSMS_PEPPER: is missing: services on Firestore need 32 random bytes, in hexadecimal or base64, "
            "as the key with which secrets are hashed, or CSMS_PEPPER_FILE"
        )

    def digest(self, purpose: str, data: bytes) -> str:
        """HMAC-SHA256 in hexadecimal. The same data have another digest for another purpose."""
        return hmac.digest(self._key, purpose.encode() + b"\0" + data, "sha256").hex()
