"""Which station a URL names, and which OCPP version the two sides will speak."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from websockets.exceptions import InvalidHeaderFormat
from websockets.headers import parse_subprotocol

from libs.ocpp_messages.version import Version

from .refused import Refused

PREFIX = "/ocpp/"
LONGEST = 48

_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HINT = "connect to ws://HOST:PORT/ocpp/{stationId}"
_SUPPORTED = ", ".join(Version)


def station_id(target: str) -> str:
    """The one segment after ``/ocpp/`` of a raw request target, percent-decoded once. Raises ``Refused``."""
    path = target.partition("?")[0]
    segment = path.removeprefix(PREFIX)
    if segment == path or not segment or "/" in segment:
        raise Refused(404, f"not found: {_HINT}")
    if _BROKEN_ESCAPE.search(segment):
        raise Refused(400, "the station id has an incomplete percent escape")
    try:
        identity = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        raise Refused(400, "the station id is not percent-encoded UTF-8") from None
    if len(identity) > LONGEST:
        raise Refused(400, f"the station id is longer than {LONGEST} characters")
    if not identity.isprintable() or identity in (".", ".."):
        raise Refused(400, "the station id has characters that no station id has")
    return identity


def version(offers: Iterable[str]) -> Version:
    """The first of the client's subprotocols that is known here. Raises ``Refused``."""
    try:
        offered = [name for offer in offers for name in parse_subprotocol(offer)]
    except InvalidHeaderFormat:
        offered = []
    for name in offered:
        if name in _VERSIONS:
            return _VERSIONS[name]
    raise Refused(400, f"Sec-WebSocket-Protocol must offer one of {_SUPPORTED}")


_VERSIONS: dict[str, Version] = {version.value: version for version in Version}


def check(identity: str, version: Version) -> None:
    """1.6 allows any character; 2.x no colon, which would end the user name of Basic. Raises ``Refused``."""
    if version is not Version.V16 and ":" in identity:
        raise Refused(400, f"the station id has a colon, which {version} does not allow")
