"""The port that stations connect to: handshakes, sockets and their end. The only module that listens."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from libs.csms.clients.admission import Admit
from libs.csms.limits import OpenByAddress
from libs.csms.logs import station_id

from .address_limits import AddressLimits
from .context import GatewayContext
from .gateway import Gateway
from .handshake import RESPONSE_HEADERS, Handshake
from .refusals import RefusalReporter
from .station_socket import DeflateFactory, StationSocket

RESTART = CloseCode.SERVICE_RESTART, "the CSMS is restarting"


class GatewayServer:
    """One gateway process. ``run`` it once."""

    def __init__(self, admit: Admit, context: GatewayContext) -> None:
        self._limits = context.limits
        self._gateway = Gateway(context)
        self._refusals = RefusalReporter(context)
        self._addresses = AddressLimits(context.limits)
        self._handshake = Handshake(
            admit, self._gateway.fences, self._ready, context, self._refusals, self._addresses
        )
        self._stopping = False
        self._sockets: set[StationSocket] = set()
        self._unfinished = OpenByAddress(
            "unfinished requests", context.limits.max_unfinished_requests, context.proxies
        )

    async def run(self, listener: socket.socket, started: Callable[[], None]) -> None:
        """Serve until cancelled: then calls in work are answered, sockets closed, subscriptions deleted.

        ``started`` is called when stations can connect.
        """
        async with self._gateway.consuming(), asyncio.TaskGroup() as self._closings:
            server = await self._listen(listener)
            reporting = self._closings.create_task(self._refusals.keep_publishing())
            try:
                started()
                await server.wait_closed()
            finally:
                self._stopping = True
                await self._gateway.drain(self._limits.drain_timeout)
                await self._close(server)
                reporting.cancel()

    def _ready(self) -> bool:
        return self._gateway.ready and not self._stopping

    async def _listen(self, listener: socket.socket) -> Server:
        limits = self._limits
        return await serve(
            self._serve_station,
            sock=listener,
            extensions=[DeflateFactory()],
            compression=None,
            select_subprotocol=_subprotocol,
            process_request=self._process_request,
            process_response=_add_headers,
            server_header=None,
            open_timeout=limits.open_timeout,
            ping_interval=limits.ping_interval,
            ping_timeout=limits.ping_timeout,
            close_timeout=limits.close_timeout,
            max_size=limits.max_frame_bytes,
            max_queue=limits.max_queued_frames,
            write_limit=limits.write_buffer_bytes,
            logger=_websockets_logger(),
            create_connection=cast(Any, self._socket),
            backlog=limits.accept_backlog,
        )

    def _socket(self, *args: Any, **options: Any) -> StationSocket:
        return StationSocket(
            *args, limits=self._limits, sockets=self._sockets, unfinished=self._unfinished, **options
        )

    async def _process_request(self, socket: ServerConnection, request: Request) -> Response | None:
        assert isinstance(socket, StationSocket)
        return await self._handshake.process(socket, request)

    async def _serve_station(self, socket: ServerConnection) -> None:
        assert isinstance(socket, StationSocket)
        close = partial(self._start_closing, socket)
        session = self._gateway.begin(socket.end_handshake(), socket.write, close)
        station_id.set(session.connection.station_id)
        with self._addresses.connected(socket.address):
            await self._gateway.serve(session, socket.read)

    def _start_closing(self, socket: StationSocket, code: int, reason: str) -> None:
        self._closings.create_task(socket.close(code, reason))

    async def _close(self, server: Server) -> None:
        """Close every socket in good order, and cut off those that do not play along."""
        server.close(True, *RESTART)
        try:
            async with asyncio.timeout(self._limits.close_timeout):
                await server.wait_closed()
        except TimeoutError:
            for socket in list(self._sockets):
                socket.transport.abort()
            await server.wait_closed()


def _add_headers(socket: ServerConnection, request: Request, response: Response) -> None:
    """Also to the refusals of websockets itself, which speak of a handshake that is no handshake."""
    if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
        response.headers.update(RESPONSE_HEADERS)


def _subprotocol(socket: ServerConnection, _offered: object) -> Any:
    assert isinstance(socket, StationSocket) and socket.admitted is not None
    return socket.admitted.subprotocol


def _websockets_logger() -> logging.Logger:
    """Its DEBUG log would show Authorization headers, its INFO log says what ours says."""
    logger = logging.getLogger("websockets.server")
    logger.setLevel(max(logger.getEffectiveLevel(), logging.WARNING))
    return logger
