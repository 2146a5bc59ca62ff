"""A station's secret, and HTTP Basic authentication with it. Knows how secrets are kept."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from datetime import datetime

from libs.csms.clock import Time
from libs.csms.store import Document

_HEXADECIMAL_KEY = re.compile(rb"(?:[0-9A-Fa-f]{2}){16,20}")


class Credential(Document):
    """The salted hash of a secret. It is not stretched: secrets are long, and thousands of stations may
    reconnect at once.
    """

    salt: str
    digest: str
    set_at: Time

    @classmethod
    def of(cls, secret: str, at: datetime) -> Credential:
        salt = secrets.token_bytes(16)
        return cls(salt=salt.hex(), digest=_digest(salt, secret.encode()), set_at=at)

    def matches(self, password: bytes) -> bool:
        """In constant time."""
        return hmac.compare_digest(self.digest, _digest(bytes.fromhex(self.salt), password))


def new_secret() -> str:
    """40 random hexadecimal digits: an AuthorizationKey of 1.6 and a BasicAuthPassword of 2.x."""
    return secrets.token_hex(20)


def authenticates(station_id: str, credential: Credential, authorization: str) -> bool:
    """Whether the Authorization header names the station and holds its secret."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    username, colon, password = decoded.partition(b":")
    named = hmac.compare_digest(username, station_id.encode())
    return credential.matches(password) and named and colon == b":"


def _digest(salt: bytes, secret: bytes) -> str:
    return hashlib.sha256(salt + _key(secret)).hexdigest()


def _key(secret: bytes) -> bytes:
    """A key of 16 to 20 bytes for its hexadecimal text, anything else for itself.

    Stations of 1.6 are given their AuthorizationKey as hexadecimal text. In the header some send the bytes
    that it stands for, as they should, and many the text: so both are one secret, whichever the operator set.
    """
    return bytes.fromhex(secret.decode()) if _HEXADECIMAL_KEY.fullmatch(secret) else secret
