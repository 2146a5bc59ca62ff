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
from libs.csms.proxies import Peer
from libs.ocpp_messages.event import ConnectionRefused, RefusalReason

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

RESPONSE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""Of every response that is no upgrade."""

WRONG_CREDENTIALS = "wrong or missing credentials"
"""All that a client learns who has none, where it must not learn which stations there are."""

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
Refusals         400 bad identity or subprotocol, 401 credentials, 403 a web page (Origin), 404 unknown
                 path or station (which may be a 401 too), 426 no WebSocket handshake, 429 too often,
                 503 not now (both with Retry-After)
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
        self._proxies = context.proxies
        self._allowed_origins = context.allowed_origins
        self._tells_unknown_stations = context.tells_unknown_stations
        self._admission_timeout = context.limits.admission_timeout
        self._refusals = refusals
        self._addresses = addresses

    async def process(self, socket: StationSocket, request: Request) -> Response | None:
        """None where the connection is to be upgraded; then ``socket.admitted`` is set."""
        if page := self._status_page(request.path):
            return socket.respond(*page)
        station_id.set("")
        client = self._proxies.client(socket.peer, request.headers.get_all("X-Forwarded-For"))
        socket.address = client.host
        try:
            self._addresses.check_attempt(client.host)
            socket.admitted = await self._admitted(socket.peer, client, request)
        except Refused as refused:
            self._report(str(client), request, refused)
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

    def _report(self, client: str, request: Request, refused: Refused) -> None:
        """The query may hold a token, so it is neither logged nor published."""
        id, path = station_id.get(), request.path.partition("?")[0]
        level = logging.DEBUG if refused.status == 429 else logging.WARNING  # of a flood, a line each
        log.log(level, "%s: connection refused: %s", f"station {id}" if id else f"path {path:.200}", refused)
        if refused.reason is None or not _wants_upgrade(request.headers):
            return
        event = ConnectionRefused(
            reason=refused.reason,
            detail=refused.detail,
            path="" if id else path,
            remote_address=client,
            subprotocols=offered_subprotocols(request.headers.get_all(SUBPROTOCOL)),
        )
        self._refusals.report(id, event)

    async def _admitted(self, peer: Peer, client: Peer, request: Request) -> Admitted:
        headers = request.headers
        id = requested_station_id(request.path, self._prefixes)
        station_id.set(id)
        if not _wants_upgrade(headers):
            raise Refused(426, "this is a WebSocket endpoint", headers={"Upgrade": "websocket"})
        self._check_origin(headers)
        offered = offered_subprotocols(headers.get_all(SUBPROTOCOL))
        subprotocol = agreed_subprotocol(offered)
        authorization = headers.get_all("Authorization")
        if len(authorization) > 1:
            raise Refused(400, "there is more than one Authorization header")
        fence = self._fences.of(id)  # before admission: see Fences
        tls = self._proxies.tls(peer, headers.get_all("X-Forwarded-Proto")) or False
        admission = await self._admission(client.host, id, "".join(authorization), tls)
        if subprotocol is None:
            subprotocol = default_subprotocol(id, offered, admission.default_version)
        connection = Connection.admitted(id, subprotocol.version, str(client), admission.connection_number)
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

    def _check_origin(self, headers: Headers) -> None:
        """Raises ``Refused``. Browsers name the origin of the page, and let any page connect to anything."""
        origins = headers.get_all("Origin")
        if origins and not (len(origins) == 1 and origins[0].lower() in self._allowed_origins):
            raise Refused(
                403,
                "a web page (Origin) is no charging station; CSMS_ALLOWED_ORIGINS lists those that may be",
                RefusalReason.FOREIGN_ORIGIN,
            )

    async def _admission(self, address: str, station_id: str, authorization: str, tls: bool) -> Admission:
        """Whoever shows no secret guesses none, so only the others count as failed."""
        self._check_ready()
        if authorization:
            await self._addresses.check_login(address, station_id)
        try:
            async with asyncio.timeout(self._admission_timeout):
                admission = await self._admit(station_id, authorization, tls)
        except NotAdmitted as error:
            if authorization and self._is_wrong_secret(error):
                self._addresses.login_failed(address, station_id)
            raise self._refused(error) from None
        except TimeoutError:
            raise _service_unavailable("admission takes too long") from None
        except Exception as error:
            log.exception("station %s: admission failed", station_id)
            raise _service_unavailable("admission failed") from error
        if authorization:
            self._addresses.login_succeeded(address, station_id)
        self._check_ready()
        return admission

    def _is_wrong_secret(self, error: NotAdmitted) -> bool:
        """Whether the station is told so: an unknown one is too, unless it may know that it is unknown."""
        return error.status == 401 or (error.status == 404 and not self._tells_unknown_stations)

    def _refused(self, error: NotAdmitted) -> Refused:
        challenge = {"WWW-Authenticate": 'Basic realm="OCPP", charset="UTF-8"'}
        match error.status:
            case 401 | 404 if not self._tells_unknown_stations:
                return Refused(401, WRONG_CREDENTIALS, error.reason, challenge, detail=error.detail)
            case 401:
                return Refused(401, error.detail, error.reason, challenge)
            case 404:
                return Refused(404, error.detail, error.reason)
        if error.retry_after is not None:
            return Refused(503, error.detail, error.reason, {"Retry-After": str(error.retry_after)})
        return _service_unavailable(error.detail)

    def _check_ready(self) -> None:
        if not self._ready():
            raise _service_unavailable("the CSMS is starting or stopping")


def _wants_upgrade(headers: Headers) -> bool:
    return "websocket" in [value.lower() for value in headers.get_all("Upgrade")]


def _service_unavailable(text: str) -> Refused:
    """Stations that all come back at the same moment would fail again: each gets another time."""
    return Refused(503, text, headers={"Retry-After": str(random.randint(5, 30))})
