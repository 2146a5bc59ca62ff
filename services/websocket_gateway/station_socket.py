"""The WebSocket of one station, bounded in what it holds for a station that does not read."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from libs.csms.clients.admission import RegistrationStatus
from libs.ocpp_messages.version import Version

from .connection import Disconnected


class StationSocket(ServerConnection):
    """What the handshake found out is here for the handler.

    While a station leaves too much unread, nothing is read from it either: websockets answers pings even
    then, and nothing else would bound those answers. If it reads nothing at all for ``stall_timeout`` it
    is cut off: websockets would wait for ever, as its own timeouts begin after writing.
    """

    station_id: str
    version: Version
    asked_at: datetime
    registration_status: RegistrationStatus

    def __init__(self, *args: Any, stall_timeout: float, sockets: set[StationSocket], **options: Any) -> None:
        """``sockets`` holds this one from its TCP connection to its end."""
        super().__init__(*args, **options)
        self._stall_timeout = stall_timeout
        self._sockets = sockets
        self._stalled: asyncio.TimerHandle | None = None

    @property
    def peer(self) -> str:
        host, port, *_ = self.remote_address or ("", 0)
        return f"{host}:{port}"

    def forget_handshake(self) -> None:
        """The headers have been read: they hold credentials, and a sixth of what an idle connection costs."""
        for message in (self.request, self.response):
            if message is not None:
                message.headers.clear()

    async def write(self, text: bytes) -> None:
        """Raises ``Disconnected``."""
        try:
            await self.send(text, text=True)
        except ConnectionClosed as closed:
            raise _disconnected(closed) from closed

    async def read(self) -> str | bytes:
        """Raises ``Disconnected``."""
        try:
            return await self.recv()
        except ConnectionClosed as closed:
            raise _disconnected(closed) from closed

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._sockets.add(self)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.transport.pause_reading()
        self._watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unwatch()
        if not self.recv_messages.paused:
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        self._sockets.discard(self)
        super().connection_lost(exc)

    def _watch(self) -> None:
        self._stalled = self.loop.call_later(self._stall_timeout, self._look, self._unread())

    def _look(self, unread: int) -> None:
        if self._unread() < unread:
            self._watch()
        else:
            self.transport.abort()

    def _unread(self) -> int:
        return self.transport.get_write_buffer_size()

    def _unwatch(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


def _disconnected(closed: ConnectionClosed) -> Disconnected:
    """Of the close frames of both sides the first counts: it says why."""
    first = closed.sent if closed.sent and not closed.rcvd_then_sent else closed.rcvd
    return Disconnected(first.code, first.reason) if first else Disconnected(1006, "")
