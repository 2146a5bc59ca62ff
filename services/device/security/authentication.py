"""HTTP Basic authentication of stations, and the security profile that a connection shows. No I/O."""

from __future__ import annotations

import base64
import binascii
from typing import Literal
from urllib.parse import unquote_to_bytes

from libs.csms.clients.admission import NotAdmitted
from libs.csms.pepper import Pepper
from libs.ocpp_messages.event import RefusalReason

from .model import StationSecurity

WeakSecrets = Literal["accepted", "refused"]
"""Whether stations are admitted with secrets of fewer than 16 characters."""


def authenticated(
    security: StationSecurity,
    station_id: str,
    authorization: str,
    tls: bool,
    min_profile: int,
    weak_secrets: WeakSecrets,
    pepper: Pepper,
) -> StationSecurity:
    """The station's security after it has connected this way.

    A station with its secret and TLS has security profile 2, with its secret only 1. Profile 3 cannot be
    seen here, because the proxy checks client certificates. Raises ``NotAdmitted`` if the secret is wrong,
    missing or too weak, if a profile of 1 or more is needed and no secret is set, and if 2 or more is needed
    without TLS.
    """
    needed = max(min_profile, security.security_profile or 0)
    password = _password(station_id, authorization)
    if password is not None:
        security = security.rehashed(password, pepper)
    # Before any refusal, as it takes most of the time: else that would tell why.
    secret = None if password is None else security.match(password, pepper)
    if needed >= 2 and not tls:
        raise NotAdmitted(401, "the station needs TLS, and comes without", RefusalReason.PROFILE_TOO_LOW)
    if secret is None and security.needs_secret:
        raise NotAdmitted(401, "wrong or missing credentials", RefusalReason.WRONG_SECRET)
    if secret is None and needed >= 1:
        raise NotAdmitted(401, "the station has no secret yet, and needs one", RefusalReason.PROFILE_TOO_LOW)
    if secret is not None and secret.weak and weak_secrets == "refused":
        raise NotAdmitted(401, "the secret of the station is too short", RefusalReason.WEAK_SECRET)
    used = security.used(secret)
    return used if secret is None else used.reached(2 if tls else 1)


def _password(station_id: str, authorization: str) -> bytes | None:
    """The password in an Authorization header whose user name is the station id. Padding may be missing."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    encoded = encoded.strip().rstrip("=")
    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    username, colon, password = decoded.partition(b":")
    return password if colon == b":" and _is_name_of(station_id, username) else None


def _is_name_of(station_id: str, username: bytes) -> bool:
    """In any case: OCPP compares identifiers so. It may be percent-encoded, as in the path: no station id has
    a percent sign. Only the password is secret, so only that is compared in constant time.
    """
    try:
        name = unquote_to_bytes(username).decode()
    except UnicodeDecodeError:
        return False
    return name.casefold() == station_id.casefold()
