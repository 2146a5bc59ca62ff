"""HTTP Basic authentication of stations. What a station presents tells which secret it has. No I/O."""

from __future__ import annotations

import base64
import binascii
import hmac

from libs.csms.clients.admission import NotAdmitted

from .model import StationSecurity


def authenticated(
    security: StationSecurity, station_id: str, authorization: str, tls: bool, min_profile: int
) -> StationSecurity:
    """What is known of the station's security once it has connected so.

    It comes with security profile 2 if it has its secret and TLS, with 1 if it has its secret. Raises
    ``NotAdmitted`` for a wrong or missing secret, for none at all only from profile 1 on, and for want of TLS
    from profile 2 on. Profile 3 is more than can be seen here: client certificates end at the proxy.
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
    """The password in an Authorization header that names the station."""
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
