"""The answer to an HTTP request: a status page, the upgrade of a station that is admitted, or a refusal."""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import unquote_to_bytes

from websockets.datastructures import Headers
from websockets.exceptions import InvalidHeaderFormat
from websockets.headers import parse_subprotocol
from websockets.http11 import Request, Response

from libs.csms.clients.admission import Admission, Admit, NotAdmitted
from libs.csms.logs import station_id
from libs.csms.station_id import problem_with
from libs.ocpp_messages.version import Version

from .connection import Admitted, Connection, Fences
from .station_socket import StationSocket

log = logging.getLogger(__name__)

PATH_PREFIX = "/ocpp/"

_INCOMPLETE_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_VERSIONS: dict[str, Version] = {version.value: version for version in Version}
_SUPPORTED = ", ".join(Version)
_HINT = "connect to ws://HOST:PORT/ocpp/{stationId}"

_START_PAGE = f"This is the WebSocket gateway of an OCPP CSMS: charging stations {_HINT}\n"
_DOCS_PAGE = f"""\
WebSocket endpoint for charging stations (OCPP-J)

  ws://HOST:PORT/ocpp/{{stationId}}

stationId        the station's identity, percent-encoded: 1 to 48 characters without / \\ % ? # :,
                 control characters, and white space at the ends
Subprotocols     {_SUPPORTED}; the first that the station offers and this list has
Authorization    Basic, user name = stationId, where the station is registered with a secret
Compression      permessage-deflate, without context takeover
Refusals         400 bad identity or subprotocol, 401 credentials, 404 unknown station or path,
                 426 no WebSocket handshake, 503 not now (Retry-After)
Close codes      1003 binary frame, 1008 replaced by a newer connection, or access revoked,
                 1009 frame too long, 1012 restart of the CSMS, 1013 not now

GET /healthz     200 while the process lives
GET /readyz      200 while stations can connect, else 503
"""


class Refused(Exception):
    """The handshake leads to no connection. The client is told why, in an HTTP response."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {text}")
        self.status = status
        self.text = text
        self.headers = headers or {}


class Handshake:
    """Path, then upgrade, then version, then admission: the device service is asked about stations only."""

    def __init__(
        self, admit: Admit, fences: Fences, ready: Callable[[], bool], admission_timeout: float
    ) -> None:
        """``admission_timeout`` is in seconds."""
        self._admit = admit
        self._fences = fences
        self._ready = ready
        self._admission_timeout = admission_timeout

    async def process(self, socket: StationSocket, request: Request) -> Response | None:
        """None where the connection is to be upgraded; then ``socket.admitted`` is set."""
        if page := status_page(request.path, self._ready()):
            return socket.respond(*page)
        try:
            socket.admitted = await self._admitted(socket.peer, request)
        except Refused as refused:
            # The query may hold a token, so it is not logged.
            id, path = station_id.get(), request.path.partition("?")[0]
            log.warning("%s: connection refused: %s", f"station {id}" if id else f"path {path:.200}", refused)
            response = socket.respond(refused.status, f"{refused.text}\n")
            response.headers.update(refused.headers)
            return response
        return None

    async def _admitted(self, peer: str, request: Request) -> Admitted:
        id = requested_station_id(request.path)
        station_id.set(id)
        if "websocket" not in [value.lower() for value in request.headers.get_all("Upgrade")]:
            raise Refused(426, "this is a WebSocket endpoint", {"Upgrade": "websocket"})
        version = agreed_version(request.headers.get_all("Sec-WebSocket-Protocol"))
        authorization = request.headers.get_all("Authorization")
        if len(authorization) > 1:
            raise Refused(400, "there is more than one Authorization header")
        fence = self._fences.of(id)  # before admission: see Fences
        admission = await self._admission(id, "".join(authorization), _came_with_tls(request.headers))
        connection = Connection.admitted(id, version, peer, admission.connection_number)
        return Admitted(connection, admission.registration_status, fence, admission.answer_timeout)

    async def _admission(self, station_id: str, authorization: str, tls: bool) -> Admission:
        self._check_ready()
        try:
            async with asyncio.timeout(self._admission_timeout):
                admission = await self._admit(station_id, authorization, tls)
        except NotAdmitted as error:
            raise _refused(error) from None
        except TimeoutError:
            raise _service_unavailable("admission takes too long") from None
        except Exception as error:
            log.exception("station %s: admission failed", station_id)
            raise _service_unavailable("admission failed") from error
        self._check_ready()
        return admission

    def _check_ready(self) -> None:
        if not self._ready():
            raise _service_unavailable("the CSMS is starting or stopping")


def status_page(target: str, ready: bool) -> tuple[int, str] | None:
    """Status and text of the page that a request target names, or None."""
    match target.partition("?")[0]:
        case "/":
            return 200, _START_PAGE
        case "/healthz":
            return 200, "ok\n"
        case "/readyz":
            return (200, "ready\n") if ready else (503, "not ready\n")
        case "/docs":
            return 200, _DOCS_PAGE
    return None


def requested_station_id(target: str) -> str:
    """The one segment after ``/ocpp/`` of a request target, percent-decoded once. Raises ``Refused``."""
    path = target.partition("?")[0]
    segment = path.removeprefix(PATH_PREFIX)
    if segment == path or not segment or "/" in segment:
        raise Refused(404, f"not found: {_HINT}")
    if _INCOMPLETE_ESCAPE.search(segment):
        raise Refused(400, "the station id has an incomplete percent escape")
    try:
        id = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        raise Refused(400, "the station id is not percent-encoded UTF-8") from None
    if (problem := problem_with(id)) is not None:
        raise Refused(400, problem)
    return id


def agreed_version(offers: Iterable[str]) -> Version:
    """The first of the client's subprotocols that the CSMS speaks. Raises ``Refused``."""
    try:
        offered = [name for offer in offers for name in parse_subprotocol(offer)]
    except InvalidHeaderFormat:
        offered = []
    for name in offered:
        if name in _VERSIONS:
            return _VERSIONS[name]
    raise Refused(400, f"Sec-WebSocket-Protocol must offer one of {_SUPPORTED}")


def _came_with_tls(headers: Headers) -> bool:
    """What the proxy says where TLS ends: the last one that a request has passed has the last word.

    Without a proxy a client can write the header itself. Then it only claims what brings it no further than
    a station that needs no TLS: its secret is asked for as ever.
    """
    last = ",".join(headers.get_all("X-Forwarded-Proto")).rpartition(",")[2]
    return last.strip().lower() in ("https", "wss")


def _refused(error: NotAdmitted) -> Refused:
    match error.status:
        case 401:
            return Refused(401, error.detail, {"WWW-Authenticate": 'Basic realm="OCPP", charset="UTF-8"'})
        case 404:
            return Refused(404, error.detail)
        case _:
            return _service_unavailable(error.detail)


def _service_unavailable(text: str) -> Refused:
    """Stations that all come back at the same moment would fail again: each gets another time."""
    return Refused(503, text, {"Retry-After": str(random.randint(5, 30))})
