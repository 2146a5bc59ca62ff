"""The port that stations connect to: handshakes, sockets and their end. The only module that listens."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from libs.csms.clients.admission import Admit
from libs.csms.logs import station_id

from .compression import DeflateFactory
from .gateway import Gateway
from .handshake import Handshake
from .station_socket import StationSocket
from .wiring import Wiring

log = logging.getLogger(__name__)

RESTART = 1012, "the CSMS is restarting"


class GatewayServer:
    """One gateway process. ``run`` it once."""

    def __init__(self, admit: Admit, wiring: Wiring) -> None:
        self._limits = wiring.limits
        self._gateway = Gateway(wiring)
        self._handshake = Handshake(admit, self._ready, wiring.limits.admission_timeout, wiring.clock)
        self._stopping = False
        self._sockets: set[StationSocket] = set()

    async def run(self, listener: socket.socket, started: Callable[[], None]) -> None:
        """Serve until cancelled: then calls in work are answered, sockets closed, subscriptions deleted.

        ``started`` is called when stations can connect.
        """
        async with self._gateway.consuming(), asyncio.TaskGroup() as self._closings:
            server = await self._serve(listener)
            try:
                started()
                await server.wait_closed()
            finally:
                self._stopping = True
                await self._gateway.drain(self._limits.drain_timeout)
                await self._close(server)

    def _ready(self) -> bool:
        return self._gateway.ready and not self._stopping

    async def _serve(self, listener: socket.socket) -> Server:
        limits = self._limits
        return await serve(
            self._hold,
            sock=listener,
            extensions=[DeflateFactory()],
            compression=None,
            select_subprotocol=_agreed,
            process_request=self._receive,
            server_header=None,
            open_timeout=limits.open_timeout,
            ping_interval=limits.ping_interval,
            ping_timeout=limits.ping_timeout,
            close_timeout=limits.close_timeout,
            max_size=limits.max_frame_bytes,
            max_queue=limits.frame_queue,
            write_limit=limits.write_buffer_bytes,
            logger=_quiet(),
            create_connection=cast(Any, self._socket),
            backlog=limits.accept_backlog,
        )

    def _socket(self, *args: Any, **options: Any) -> StationSocket:
        return StationSocket(
            *args, stall_timeout=self._limits.stall_timeout, sockets=self._sockets, **options
        )

    async def _receive(self, socket: ServerConnection, request: Request) -> Response | None:
        assert isinstance(socket, StationSocket)
        return await self._handshake.receive(socket, request)

    async def _hold(self, socket: ServerConnection) -> None:
        assert isinstance(socket, StationSocket)
        station_id.set(socket.station_id)
        socket.forget_handshake()
        session = self._gateway.session(
            socket.station_id,
            socket.version,
            socket.registration_status,
            socket.peer,
            socket.asked_at,
            socket.write,
            partial(self._order_close, socket),
        )
        await self._gateway.hold(session, socket.read)

    def _order_close(self, socket: StationSocket, code: int, reason: str) -> None:
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


def _agreed(socket: ServerConnection, _offered: object) -> Any:
    assert isinstance(socket, StationSocket)
    return socket.version.value


def _quiet() -> logging.Logger:
    """Its DEBUG log would show Authorization headers, its INFO log says what ours says."""
    logger = logging.getLogger("websockets.server")
    logger.setLevel(max(logger.getEffectiveLevel(), logging.WARNING))
    return logger
