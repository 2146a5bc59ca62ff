"""What a handshake asks for: which station by its path, and which version of OCPP by its subprotocols."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from libs.csms.station_id import problem_with
from libs.ocpp_messages.event import RefusalReason
from libs.ocpp_messages.version import Version

PATH_PREFIX = "/ocpp/"
"""What stands before the station id, unless CSMS_GATEWAY_PATHS says otherwise."""

SUPPORTED = ", ".join(Version)

_INCOMPLETE_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SLASHES = re.compile("/{2,}")
_PUNCTUATION = re.compile(r"[._/-]")
_VERSIONS: dict[str, Version] = {version.value: version for version in Version}
_SPELLINGS: dict[str, Version] = {
    f"{name}{digits}{suffix}": version
    for digits, version in (("16", Version.V16), ("201", Version.V201), ("21", Version.V21))
    for name in ("ocpp", "ocppj")
    for suffix in ("", "j")
}
"""Without punctuation, in small letters. ``ocpp2.0`` is not among them: that version was withdrawn."""


class Refused(Exception):
    """The handshake leads to no connection. The client is told why, in an HTTP response."""

    def __init__(
        self,
        status: int,
        text: str,
        reason: RefusalReason | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        detail: str | None = None,
    ) -> None:
        """``reason`` is for the operator; None where it is no matter of the station. ``detail`` is what the
        operator is told where the client must not know it.
        """
        super().__init__(f"{status} {text if detail is None else detail}")
        self.status = status
        self.text = text
        self.detail = text if detail is None else detail
        self.reason = reason
        self.headers = headers or {}


class Subprotocol(NamedTuple):
    version: Version
    name: str | None
    """As the client spelled it: the response repeats it. None if the client offered none."""


def requested_station_id(target: str, prefixes: Sequence[str] = (PATH_PREFIX,)) -> str:
    """The one segment of a request target after one of the prefixes, percent-decoded once. Slashes may be
    doubled, and there may be one at the end. Raises ``Refused``.
    """
    path = _SLASHES.sub("/", target.partition("?")[0]).removesuffix("/")
    found = (path.removeprefix(prefix) for prefix in prefixes if path.startswith(prefix))
    segment = next((each for each in found if each and "/" not in each), None)
    if segment is None:
        raise Refused(404, f"not found: {hint(prefixes)}", RefusalReason.WRONG_PATH)
    if _INCOMPLETE_ESCAPE.search(segment):
        raise _bad_identity("the station id has an incomplete percent escape")
    try:
        id = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        raise _bad_identity("the station id is not percent-encoded UTF-8") from None
    if (problem := problem_with(id)) is not None:
        raise _bad_identity(problem)
    return id


def hint(prefixes: Sequence[str]) -> str:
    return f"connect to ws://HOST:PORT{prefixes[0]}{{stationId}}"


def offered_subprotocols(headers: Iterable[str]) -> list[str]:
    """The names in every Sec-WebSocket-Protocol header, in their order."""
    return [name for header in headers for part in header.split(",") if (name := part.strip())]


def agreed_subprotocol(offered: Sequence[str]) -> Subprotocol | None:
    """The first that the CSMS speaks and the client spells right, or else the first in another spelling. None
    if no offer says which version the station speaks. Raises ``Refused`` if it speaks other versions only.
    """
    for name in offered:
        if name in _VERSIONS:
            return Subprotocol(_VERSIONS[name], name)
    for name in offered:
        if version := _SPELLINGS.get(_PUNCTUATION.sub("", name.casefold())):
            return Subprotocol(version, name)
    if any(character.isdigit() for name in offered for character in name):
        raise Refused(
            400, f"Sec-WebSocket-Protocol must offer one of {SUPPORTED}", RefusalReason.NO_SUBPROTOCOL
        )
    return None


def default_subprotocol(station_id: str, offered: Sequence[str], default: Version | None) -> Subprotocol:
    """For a station whose offers name no version. Raises ``Refused`` if the operator has set no default."""
    if default is None:
        what_to_do = f"or set the defaultVersion of station {station_id} in the CSMS"
        text = f"Sec-WebSocket-Protocol must offer one of {SUPPORTED}; {what_to_do}"
        raise Refused(400, text, RefusalReason.NO_SUBPROTOCOL)
    return Subprotocol(default, offered[0] if offered else None)


def _bad_identity(problem: str) -> Refused:
    return Refused(400, problem, RefusalReason.BAD_IDENTITY)
