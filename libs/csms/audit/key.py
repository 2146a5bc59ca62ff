"""The key that signs the audit trail. Only this module knows where its private part is."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from ..key_files import KEY_BYTES, KeyKind
from ..settings import BadSetting, Settings
from .model import SegmentHead

AUDIT_KEY = KeyKind("audit key", "the key that signs the audit trail: whoever has it can forge that")

EMULATOR_KEY = b"What is on an emulator is public"

_LINK, _HEAD = b"csms audit link\0", b"csms audit head\0"
"""Before what is signed, so that neither passes for the other."""

_PEM = "-----BEGIN"


class AuditKey:
    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = PublicKey(private.public_key())

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """From ``CSMS_AUDIT_KEY``, else ``CSMS_AUDIT_KEY_FILE``, else the data folder. A missing file is
        made.

        Raises ``BadSetting``, also on Firestore without either setting.
        """
        if settings.audit_key is not None:
            return cls(_private(settings.audit_key.get_secret_value(), "CSMS_AUDIT_KEY"))
        if settings.audit_key_file is not None:
            return cls(_private_in(settings.audit_key_file, "CSMS_AUDIT_KEY_FILE"))
        if settings.backend == "embedded":
            return cls(_private_in(settings.data_dir / "audit-key", "CSMS_DATA_DIR"))
        if settings.firestore_emulator_host:
            return cls(Ed25519PrivateKey.from_private_bytes(EMULATOR_KEY))
        raise BadSetting(
            "CSMS_AUDIT_KEY: is missing: services on Firestore need the same key to sign the audit trail, a "
            "PEM or 32 random bytes in hexadecimal or base64, or CSMS_AUDIT_KEY_FILE"
        )

    def sign_hash(self, hash: str) -> str:
        return _text(self._private.sign(_LINK + bytes.fromhex(hash)))

    def signed(self, head: SegmentHead) -> SegmentHead:
        head = head.changed(key_id=self.public.id)
        return head.changed(signature=_text(self._private.sign(_HEAD + head.content)))


class PublicKey:
    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.text = _text(raw)
        """Base64."""
        self.id = hashlib.sha256(raw).hexdigest()[:16]

    @classmethod
    def from_text(cls, text: str) -> Self:
        """A PEM, or base64 as in ``GET /audit/key``. Raises ``ValueError``."""
        if text.startswith(_PEM):
            key = load_pem_public_key(text.encode())
            if not isinstance(key, Ed25519PublicKey):
                raise ValueError("is no key of Ed25519")
            return cls(key)
        return cls(Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True)))

    @property
    def pem(self) -> str:
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def signed_hash(self, hash: str, signature: str) -> bool:
        return self._is_valid(signature, _LINK, hash)

    def signed_head(self, head: SegmentHead) -> bool:
        return self._is_valid(head.signature, _HEAD, head.content)

    def _is_valid(self, signature: str, purpose: bytes, content: str | bytes) -> bool:
        try:
            data = bytes.fromhex(content) if isinstance(content, str) else content
            found = base64.b64decode(signature, validate=True)
            self._key.verify(found, purpose + data)
            return _text(found) == signature  # else a bit of its last character could be another one
        except (InvalidSignature, binascii.Error, ValueError):
            return False


def by_id(keys: Iterable[PublicKey]) -> dict[str, PublicKey]:
    return {key.id: key for key in keys}


def _private_in(file: Path, setting: str) -> Ed25519PrivateKey:
    return _private(AUDIT_KEY.text_in(file, setting), f"{setting}: {file}")


def _private(text: str, place: str) -> Ed25519PrivateKey:
    """Raises ``BadSetting`` without the text."""
    if not text.startswith(_PEM):
        seed = AUDIT_KEY.from_text(text, place)
        if len(seed) != KEY_BYTES:
            raise BadSetting(f"{place}: the audit key has more than {KEY_BYTES} bytes")
        return Ed25519PrivateKey.from_private_bytes(seed)
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (TypeError, ValueError):
        raise BadSetting(f"{place}: the audit key is no PEM without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadSetting(f"{place}: the audit key is no key of Ed25519")
    return key


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
