"""The answer to an HTTP request: a status page, the upgrade of a station that is admitted, or a refusal."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from libs.csms.clients.admission import Admission, Admit, NotAdmitted
from libs.csms.logs import station_id
from libs.ocpp_messages.event import ConnectionRefused

from .address_limits import AddressLimits
from .connection import Admitted, Connection, Fences
from .context import GatewayContext
from .negotiation import (
    SUPPORTED,
    Refused,
    agreed_subprotocol,
    default_subprotocol,
    hint,
    offered_subprotocols,
    requested_station_id,
)
from .refusals import RefusalReporter
from .registration import Registration
from .station_socket import StationSocket

log = logging.getLogger(__name__)

SUBPROTOCOL = "Sec-WebSocket-Protocol"

_START_PAGE = "This is the WebSocket gateway of an OCPP CSMS: charging stations {hint}\n"
_DOCS_PAGE = """\
WebSocket endpoint for charging stations (OCPP-J)

  ws://HOST:PORT{prefix}{{stationId}}

stationId        the station's identity, percent-encoded: 1 to 48 characters without / \\ % ? # :,
                 control characters, and white space at the ends
Subprotocols     {supported}; the first that the station offers and this list has,
                 also in another spelling; without one, the defaultVersion of the station
Authorization    Basic, user name = stationId, where the station is registered with a secret
Compression      permessage-deflate, without context takeover
Refusals         400 bad identity or subprotocol, 401 credentials, 404 unknown station or path,
                 426 no WebSocket handshake, 429 too often, 503 not now (both with Retry-After)
Close codes      1003 binary frame, 1008 replaced by a newer connection, or access revoked,
                 1009 frame too long, 1012 restart of the CSMS, 1013 not now

GET /healthz     200 while the process lives
GET /readyz      200 while stations can connect, else 503
"""


class Handshake:
    """Path, then upgrade, then version, then admission: the device service is asked about stations only."""

    def __init__(
        self,
        admit: Admit,
        fences: Fences,
        ready: Callable[[], bool],
        context: GatewayContext,
        refusals: RefusalReporter,
        addresses: AddressLimits,
    ) -> None:
        self._admit = admit
        self._fences = fences
        self._ready = ready
        self._prefixes = context.path_prefixes
        self._admission_timeout = context.limits.admission_timeout
        self._refusals = refusals
        self._addresses = addresses

    async def process(self, socket: StationSocket, request: Request) -> Response | None:
        """None where the connection is to be upgraded; then ``socket.admitted`` is set."""
        if page := self._status_page(request.path):
            return socket.respond(*page)
        station_id.set("")
        socket.address = str((socket.remote_address or ("",))[0])
        try:
            self._addresses.check_attempt(socket.address)
            socket.admitted = await self._admitted(socket.peer, socket.address, request)
        except Refused as refused:
            self._report(socket.peer, request, refused)
            response = socket.respond(refused.status, f"{refused.text}\n")
            response.headers.update(refused.headers)
            return response
        if SUBPROTOCOL in request.headers:
            del request.headers[SUBPROTOCOL]  # websockets would refuse some spellings of it
        return None

    def _status_page(self, target: str) -> tuple[int, str] | None:
        """Status and text of the page that a request target names, or None."""
        match target.partition("?")[0]:
            case "/":
                return 200, _START_PAGE.format(hint=hint(self._prefixes))
            case "/healthz":
                return 200, "ok\n"
            case "/readyz":
                return (200, "ready\n") if self._ready() else (503, "not ready\n")
            case "/docs":
                return 200, _DOCS_PAGE.format(prefix=self._prefixes[0], supported=SUPPORTED)
        return None

    def _report(self, peer: str, request: Request, refused: Refused) -> None:
        """The query may hold a token, so it is neither logged nor published."""
        id, path = station_id.get(), request.path.partition("?")[0]
        level = logging.DEBUG if refused.status == 429 else logging.WARNING  # of a flood, a line each
        log.log(level, "%s: connection refused: %s", f"station {id}" if id else f"path {path:.200}", refused)
        if refused.reason is None or not _wants_upgrade(request.headers):
            return
        event = ConnectionRefused(
            reason=refused.reason,
            detail=refused.text,
            path="" if id else path,
            remote_address=peer,
            subprotocols=offered_subprotocols(request.headers.get_all(SUBPROTOCOL)),
        )
        self._refusals.report(id, event)

    async def _admitted(self, peer: str, address: str, request: Request) -> Admitted:
        headers = request.headers
        id = requested_station_id(request.path, self._prefixes)
        station_id.set(id)
        if not _wants_upgrade(headers):
            raise Refused(426, "this is a WebSocket endpoint", headers={"Upgrade": "websocket"})
        offered = offered_subprotocols(headers.get_all(SUBPROTOCOL))
        subprotocol = agreed_subprotocol(offered)
        authorization = headers.get_all("Authorization")
        if len(authorization) > 1:
            raise Refused(400, "there is more than one Authorization header")
        fence = self._fences.of(id)  # before admission: see Fences
        admission = await self._admission(address, id, "".join(authorization), _came_with_tls(headers))
        if subprotocol is None:
            subprotocol = default_subprotocol(id, offered, admission.default_version)
        connection = Connection.admitted(id, subprotocol.version, peer, admission.connection_number)
        registration = Registration(
            admission.registration_status, admission.decision_number, admission.was_accepted
        )
        return Admitted(
            connection,
            registration,
            fence,
            subprotocol=subprotocol.name,
            refused_rules=frozenset(admission.refused_rules),
            answer_timeout=admission.answer_timeout,
        )

    async def _admission(self, address: str, station_id: str, authorization: str, tls: bool) -> Admission:
        """Whoever shows no secret guesses none, so only the others count as failed."""
        self._check_ready()
        if authorization:
            self._addresses.check_login(address, station_id)
        try:
            async with asyncio.timeout(self._admission_timeout):
                admission = await self._admit(station_id, authorization, tls)
        except NotAdmitted as error:
            if authorization and error.status == 401:
                self._addresses.login_failed(address, station_id)
            raise _refused(error) from None
        except TimeoutError:
            raise _service_unavailable("admission takes too long") from None
        except Exception as error:
            log.exception("station %s: admission failed", station_id)
            raise _service_unavailable("admission failed") from error
        if authorization:
            self._addresses.login_succeeded(address, station_id)
        self._check_ready()
        return admission

    def _check_ready(self) -> None:
        if not self._ready():
            raise _service_unavailable("the CSMS is starting or stopping")


def _wants_upgrade(headers: Headers) -> bool:
    return "websocket" in [value.lower() for value in headers.get_all("Upgrade")]


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
            challenge = {"WWW-Authenticate": 'Basic realm="OCPP", charset="UTF-8"'}
            return Refused(401, error.detail, error.reason, challenge)
        case 404:
            return Refused(404, error.detail, error.reason)
    if error.retry_after is not None:
        return Refused(503, error.detail, error.reason, {"Retry-After": str(error.retry_after)})
    return _service_unavailable(error.detail)


def _service_unavailable(text: str) -> Refused:
    """Stations that all come back at the same moment would fail again: each gets another time."""
    return Refused(503, text, headers={"Retry-After": str(random.randint(5, 30))})
