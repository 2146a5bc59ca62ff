"""Codes of a second factor: TOTP (RFC 6238) by an app, recovery codes for when it is lost, and the encryption
of the secrets that apps share with us.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime
from typing import NamedTuple

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from libs.csms.access.people import SecondFactor
from libs.csms.pepper import Pepper

STEP = 30
"""Seconds for which a code counts."""

DRIFT_STEPS = 1
"""So many steps before and after count too: the clock of a telephone is not ours."""

RECOVERY_CODES = 10

ISSUER = "CSMS"
"""The name under which an app shows the codes."""

_NONCE_BYTES = 12
_APP_CODE = re.compile(r"[0-9]{6}")


class EnrolledApp(NamedTuple):
    secret: str
    """In base32, for who types it."""
    uri: str
    """``otpauth://``, for who scans it as a QR code."""


class Vault:
    """Encrypts secrets with AES-256-GCM, for one person each. The key follows from the pepper, which is kept
    apart from the store; without the pepper they are lost.
    """

    def __init__(self, pepper: Pepper) -> None:
        self._cipher = AESGCM(bytes.fromhex(pepper.digest("second factors", b"")))

    def sealed(self, secret: str, person_id: str) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        data = nonce + self._cipher.encrypt(nonce, secret.encode(), person_id.encode())
        return base64.b64encode(data).decode()

    def opened(self, sealed: str, person_id: str) -> str | None:
        """None if it was encrypted with another pepper, or for somebody else."""
        data = base64.b64decode(sealed)
        try:
            opened = self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], person_id.encode())
        except InvalidTag:
            return None
        return opened.decode()


def new_secret() -> str:
    return pyotp.random_base32()


def app_of(secret: str, person_id: str) -> EnrolledApp:
    return EnrolledApp(secret, pyotp.TOTP(secret).provisioning_uri(name=person_id, issuer_name=ISSUER))


def is_app_code(code: str) -> bool:
    """Or else it can only be a recovery code, which nobody guesses."""
    return _APP_CODE.fullmatch(_plain(code)) is not None


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The number of the step whose code it is; None if it is wrong."""
    app, now = pyotp.TOTP(secret, interval=STEP), int(at.timestamp()) // STEP
    steps = range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1)
    right = [
        step for step in steps if hmac.compare_digest(app.generate_otp(step).encode(), _plain(code).encode())
    ]
    return right[-1] if right else None


def used(factor: SecondFactor, secret: str | None, code: str, at: datetime) -> SecondFactor | None:
    """The factor after this code was used, which then counts no more; None if the code is wrong or has been
    used before. Without its secret, only recovery codes count.
    """
    if is_app_code(code):
        step = step_of(secret, code, at) if secret is not None else None
        return factor.changed(last_step=step) if step is not None and step > factor.last_step else None
    digest = recovery_digest(code)
    left = tuple(one for one in factor.recovery_codes if not hmac.compare_digest(one, digest))
    return factor.changed(recovery_codes=left) if left != factor.recovery_codes else None


def new_recovery_codes() -> list[str]:
    """Each of 100 bits, in five groups of four letters and digits."""
    texts = [base64.b32encode(secrets.token_bytes(13)).decode()[:20] for _ in range(RECOVERY_CODES)]
    return ["-".join(text[at : at + 4] for at in range(0, len(text), 4)) for text in texts]


def recovery_digest(code: str) -> str:
    """A plain hash is enough for so many random bits."""
    return hashlib.sha256(_plain(code).upper().encode()).hexdigest()


def _plain(code: str) -> str:
    return code.replace("-", "").replace(" ", "")
