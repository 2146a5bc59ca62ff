"""The WebSocket of one station, bounded in what it holds for a station: unread bytes, and compression."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import CloseCode, Frame, Opcode
from websockets.typing import ExtensionParameter

from .connection import Admitted, Disconnected

MIN_DEFLATED_BYTES = 512
"""Alone, most answers of a CSMS deflate to nothing less."""


class StationSocket(ServerConnection):
    """While a station leaves too much unread, nothing is read from it either: websockets answers pings even
    then, and nothing else would bound those answers. If it reads nothing at all for ``stall_timeout`` it
    is cut off: websockets would wait for ever, as its own timeouts begin after writing.
    """

    admitted: Admitted | None = None
    """The result of the handshake, until ``end_handshake`` takes it."""
    address = ""
    """What the limits of addresses count it as, from the handshake on."""

    def __init__(self, *args: Any, stall_timeout: float, sockets: set[StationSocket], **options: Any) -> None:
        """``sockets`` holds this one from its TCP connection to its end."""
        super().__init__(*args, **options)
        self._stall_timeout = stall_timeout
        self._sockets = sockets
        self._stall_timer: asyncio.TimerHandle | None = None

    @property
    def peer(self) -> str:
        host, port, *_ = self.remote_address or ("", 0)
        return f"{host}:{port}"

    def end_handshake(self) -> Admitted:
        """Its result. The headers go: they hold credentials, and a sixth of what an idle connection costs."""
        for message in (self.request, self.response):
            if message is not None:
                message.headers.clear()
        admitted, self.admitted = self.admitted, None
        assert admitted is not None
        return admitted

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
        self._start_stall_timer()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_stall_timer()
        if not self.recv_messages.paused:
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_stall_timer()
        self._sockets.discard(self)
        super().connection_lost(exc)

    def _start_stall_timer(self) -> None:
        unread = self._unread_bytes()
        self._stall_timer = self.loop.call_later(self._stall_timeout, self._check_progress, unread)

    def _check_progress(self, unread_before: int) -> None:
        if self._unread_bytes() < unread_before:
            self._start_stall_timer()
        else:
            self.transport.abort()

    def _unread_bytes(self) -> int:
        return self.transport.get_write_buffer_size()

    def _stop_stall_timer(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None


def _disconnected(closed: ConnectionClosed) -> Disconnected:
    """Of the close frames of both sides the first counts: it says why."""
    first = closed.sent if closed.sent and not closed.rcvd_then_sent else closed.rcvd
    return Disconnected(first.code, first.reason) if first else Disconnected(CloseCode.ABNORMAL_CLOSURE, "")


class Deflate(PerMessageDeflate):
    """permessage-deflate that leaves short messages alone."""

    def encode(self, frame: Frame) -> Frame:
        if frame.fin and frame.opcode is not Opcode.CONT and len(frame.data) < MIN_DEFLATED_BYTES:
            return frame
        return super().encode(frame)


class DeflateFactory(ServerPerMessageDeflateFactory):
    """Both contexts end with the message: 10,000 idle stations would hold half a gigabyte of them."""

    def __init__(self) -> None:
        super().__init__(
            server_no_context_takeover=True,
            client_no_context_takeover=True,
            server_max_window_bits=12,
            compress_settings={"memLevel": 5, "level": 3},
        )

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        answer, agreed = super().process_request_params(params, accepted_extensions)
        return answer, Deflate(
            agreed.remote_no_context_takeover,
            agreed.local_no_context_takeover,
            agreed.remote_max_window_bits,
            agreed.local_max_window_bits,
            agreed.compress_settings,
        )
