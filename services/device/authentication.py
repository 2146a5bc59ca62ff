"""HTTP Basic authentication of stations. What a station presents tells which secret it has."""

from __future__ import annotations

import base64
import binascii
import hmac

from libs.csms.clients.admission import NotAdmitted
from libs.csms.storage.store import Collection

from .credential import Credential


class _NoSecret(Exception):
    """The station has never been given a secret."""


async def authenticate(
    credentials: Collection[Credential], station_id: str, authorization: str, tls: bool, security_profile: int
) -> int:
    """The security profile that the station comes with: 2 with its secret and TLS, 1 with its secret, or 0.

    Raises ``NotAdmitted`` for a wrong or missing secret, for none at all only from profile 1 on; and for want
    of TLS from profile 2 on. Profile 3 is more than can be seen here: client certificates end at the proxy.
    """
    if security_profile >= 2 and not tls:
        raise NotAdmitted(401, "the station needs TLS, and comes without")
    password, secret = _presented(station_id, authorization), None

    def used(credential: Credential | None) -> Credential:
        nonlocal secret
        secret = None if password is None or credential is None else credential.match(password)
        if credential is None:
            raise _NoSecret
        if secret is None and credential.is_needed:
            raise NotAdmitted(401, "wrong or missing credentials")
        if secret is None and security_profile >= 1:
            raise _NoSecret
        return credential.used(secret)

    try:
        await credentials.update(station_id, used)
    except _NoSecret:
        if security_profile >= 1:
            raise NotAdmitted(401, "the station has no secret yet, and needs one") from None
    if secret is None:
        return 0
    return 2 if tls else 1


def _presented(station_id: str, authorization: str) -> bytes | None:
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
