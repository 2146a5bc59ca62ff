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
from websockets.protocol import State
from websockets.typing import ExtensionParameter

from libs.csms.limits import OpenByAddress
from libs.csms.proxies import Peer

from .connection import Admitted, Disconnected
from .context import GatewayLimits

MIN_DEFLATED_BYTES = 512
"""Alone, most answers of a CSMS deflate to nothing less."""


class StationSocket(ServerConnection):
    """While a station leaves too much unread, nothing is read from it either: websockets answers pings even
    then, and nothing else would bound those answers. If it reads nothing at all for ``stall_timeout`` it
    is cut off: websockets would wait for ever, as its own timeouts begin after writing.

    Until its request is complete, it is cut off where that takes too long or too many bytes, or where too
    many connections of its address are in the same state.
    """

    admitted: Admitted | None = None
    """The result of the handshake, until ``end_handshake`` takes it."""
    address = ""
    """What the limits of addresses count it as, from the handshake on."""
    peer: Peer
    """The TCP peer: a proxy, where there is one. Set when the connection is made."""

    def __init__(
        self,
        *args: Any,
        limits: GatewayLimits,
        sockets: set[StationSocket],
        unfinished: OpenByAddress,
        **options: Any,
    ) -> None:
        """``sockets`` holds this one from its TCP connection to its end, ``unfinished`` counts it until its
        request is complete.
        """
        super().__init__(*args, **options)
        self._limits = limits
        self._sockets = sockets
        self._unfinished = unfinished
        self._request_timer: asyncio.TimerHandle | None = None
        self._request_bytes = 0
        self._stall_timer: asyncio.TimerHandle | None = None

    def end_handshake(self) -> Admitted:
        """Its result. The headers go: they hold credentials, and a sixth of what an idle connection costs."""
        for message in (self.request, self.response):
            if message is not None:
                message.headers.clear()
        admitted, self.admitted = self.admitted, None
        assert admitted is not None
        return admitted

    async def write(self, text: bytes) -> None:
        """Raises ``Disconnected``.

        While the connection is open and the station reads, ``send`` would do no more than this, but prepare
        for fragments, other writers and the end: a Heartbeat costs 2 to 7 % less without that.
        """
        if self.protocol.state is State.OPEN and not self.paused and not self.transport.is_closing():
            self.protocol.send_text(text)
            self.send_data()
            return
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
        host, port, *_ = self.remote_address or ("", 0)
        self.peer = Peer(host, port)
        self.request_rcvd.add_done_callback(self._end_request)
        self._request_timer = self.loop.call_later(self._limits.request_timeout, self.transport.abort)
        if not self._unfinished.begin(self.peer):
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._request_timer is not None:
            self._request_bytes += len(data)
            if self._request_bytes > self._limits.max_request_bytes:
                self.transport.abort()
                return
        super().data_received(data)

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
        self._end_request()
        self._stop_stall_timer()
        self._sockets.discard(self)
        super().connection_lost(exc)
        # Both refer back to the protocol. Connections that are refused would else be cyclic garbage, and
        # collecting it stops every station for a tenth of a second.
        self.protocol.parser.close()
        vars(self.protocol).pop("select_subprotocol", None)

    def _end_request(self, _: object = None) -> None:
        if self._request_timer is not None:
            self._request_timer.cancel()
            self._request_timer = None
            self._unfinished.end(self.peer)

    def _start_stall_timer(self) -> None:
        unread = self._unread_bytes()
        self._stall_timer = self.loop.call_later(self._limits.stall_timeout, self._check_progress, unread)

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
