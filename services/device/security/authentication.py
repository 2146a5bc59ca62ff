"""HTTP Basic authentication of stations, and the security profile that a connection shows. No I/O."""

from __future__ import annotations

import base64
import binascii
import hmac

from libs.csms.clients.admission import NotAdmitted

from .model import StationSecurity


def authenticated(
    security: StationSecurity, station_id: str, authorization: str, tls: bool, min_profile: int
) -> StationSecurity:
    """The station's security after it has connected this way.

    A station with its secret and TLS has security profile 2, with its secret only 1. Profile 3 cannot be
    seen here, because the proxy checks client certificates. Raises ``NotAdmitted`` if the secret is wrong or
    missing, if a profile of 1 or more is needed and no secret is set, and if 2 or more is needed without TLS.
    """
    needed = max(min_profile, security.security_profile or 0)
    if needed >= 2 and not tls:
        raise NotAdmitted(401, "the station needs TLS, and comes without")
    password = _password(station_id, authorization)
    secret = None if password is None else security.match(password)
    if secret is None and security.needs_secret:
        raise NotAdmitted(401, "wrong or missing credentials")
    if secret is None and needed >= 1:
        raise NotAdmitted(401, "the station has no secret yet, and needs one")
    used = security.used(secret)
    return used if secret is None else used.reached(2 if tls else 1)


def _password(station_id: str, authorization: str) -> bytes | None:
    """The password in an Authorization header whose user name is the station id."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    username, colon, password = decoded.partition(b":")
    named = hmac.compare_digest(username, station_id.encode())
    return password if named and colon == b":" else None
