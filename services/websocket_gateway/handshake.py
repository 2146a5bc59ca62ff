"""What becomes of an HTTP request: the upgrade for a station that is admitted, a page, or a refusal."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from libs.csms.clients.admission import Admission, Admit, NotAdmitted
from libs.csms.clock import Clock
from libs.csms.logs import station_id

from . import identity, pages
from .refused import Refused
from .station_socket import StationSocket

log = logging.getLogger(__name__)


class Handshake:
    """Path, then upgrade, then version, then admission: nobody is asked about what cannot be a station."""

    def __init__(
        self, admit: Admit, ready: Callable[[], bool], admission_timeout: float, clock: Clock
    ) -> None:
        self._clock = clock
        self._admit = admit
        self._ready = ready
        self._admission_timeout = admission_timeout

    async def receive(self, socket: StationSocket, request: Request) -> Response | None:
        """None where the connection is to be upgraded; then ``socket`` knows its station."""
        if page := pages.page(request.path, self._ready()):
            return socket.respond(*page)
        try:
            await self._enter(socket, request)
        except Refused as refused:
            log.warning("refused %.200s: %s", request.path.partition("?")[0], refused)
            response = socket.respond(refused.status, f"{refused.text}\n")
            response.headers.update(refused.headers)
            return response
        return None

    async def _enter(self, socket: StationSocket, request: Request) -> None:
        socket.station_id = identity.station_id(request.path)
        station_id.set(socket.station_id)
        if "websocket" not in [value.lower() for value in request.headers.get_all("Upgrade")]:
            raise Refused(426, "this is a WebSocket endpoint", {"Upgrade": "websocket"})
        socket.version = identity.version(request.headers.get_all("Sec-WebSocket-Protocol"))
        identity.check(socket.station_id, socket.version)
        authorization = request.headers.get_all("Authorization")
        if len(authorization) > 1:
            raise Refused(400, "there is more than one Authorization header")
        socket.asked_at = self._clock()
        tls = _came_with_tls(request.headers)
        admission = await self._admission(socket.station_id, "".join(authorization), tls)
        socket.registration_status = admission.registration_status
        if not self._ready():
            raise _not_now("the CSMS is starting or stopping")

    async def _admission(self, station_id: str, authorization: str, tls: bool) -> Admission:
        if not self._ready():
            raise _not_now("the CSMS is starting or stopping")
        try:
            async with asyncio.timeout(self._admission_timeout):
                return await self._admit(station_id, authorization, tls)
        except NotAdmitted as error:
            raise _refused(error) from None
        except TimeoutError:
            raise _not_now("admission takes too long") from None
        except Exception as error:
            log.exception("admission failed")
            raise _not_now("admission failed") from error


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
            return _not_now(error.detail)


def _not_now(text: str) -> Refused:
    """Stations that all come back at the same moment would fail again: each gets another time."""
    return Refused(503, text, {"Retry-After": str(random.randint(5, 30))})
