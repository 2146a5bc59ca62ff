"""A charging station that costs almost nothing, so that the server is what is measured: WebSocket by hand.

Of an answer it reads only whether it is the CALLRESULT of its call.
It masks its frames with a key of zeros, which is allowed and changes no byte.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from base64 import b64encode
from collections.abc import Callable
from typing import cast

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
"""Opcodes of WebSocket frames (RFC 6455, section 5.2)."""

OnAnswer = Callable[["Station", bool, bytes], None]
"""Called with whether the answer was a CALLRESULT, and the text of it."""


class NotConnected(Exception):
    """The CSMS did not accept the connection or the call."""

    def __init__(self, text: str, retry_after: float = 0) -> None:
        super().__init__(text)
        self.retry_after = retry_after
        """Seconds that the CSMS asks to wait."""


class Station(asyncio.Protocol):
    def __init__(self, id: str, version: str, port: int) -> None:
        self.id = id
        self.closed = False
        self.called_at = 0.0
        self.on_answer: OnAnswer = _unexpected
        self._version = version
        self._port = port
        self._transport: asyncio.WriteTransport | None = None
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open = False
        self._unread = b""
        self._prefix = os.urandom(4).hex().encode()
        self._calls = 0
        self._expected = b""

    @property
    def pending(self) -> bool:
        """A call is not answered yet."""
        return bool(self._expected)

    async def connect(self) -> None:
        """Raises ``NotConnected``."""
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._port)
        except OSError as error:
            raise NotConnected(str(error)) from error
        await self._opened

    def call(self, request: bytes) -> None:
        """Send ``[2,"id"`` and ``request``, which begins with a comma and ends the array."""
        if self._transport is None or self.closed:
            raise NotConnected(f"{self.id} has no connection")
        self._calls += 1
        id = b'"%s%08d"' % (self._prefix, self._calls)
        self._expected = b"[3," + id
        self.called_at = time.perf_counter()
        self._transport.write(frame(TEXT, b"[2," + id + request))

    async def call_and_wait(self, request: bytes) -> bytes:
        """Call, and wait for the CALLRESULT. Raises ``NotConnected`` where there is none."""
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        def receive(station: Station, result: bool, text: bytes) -> None:
            if answer.done():
                return
            if result:
                answer.set_result(text)
            else:
                answer.set_exception(NotConnected(f"{request[:30]!r}: {text[:200]!r}"))

        self.on_answer = receive
        self.call(request)
        return await answer

    def abort(self) -> None:
        if self._transport:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = cast(asyncio.WriteTransport, transport)  # uvloop does not inherit from it
        self._transport = stream
        key = b64encode(os.urandom(16)).decode()
        stream.write(
            f"GET /ocpp/{self.id} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {self._version}\r\n\r\n".encode()
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if not self._opened.done():
            self._opened.set_exception(NotConnected(f"{self.id}: closed in the handshake"))
        elif self._expected:
            self._expected = b""
            self.on_answer(self, False, b"connection lost")

    def data_received(self, data: bytes) -> None:
        data = self._unread + data if self._unread else data
        if not self._open:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._unread = data
                return
            if not self._upgraded(data[:end]):
                return
            data = data[end + 4 :]
        position = 0
        while (found := payload(data, position)) is not None:
            opcode, content, position = found
            self._receive(opcode, content)
        self._unread = data[position:]

    def _upgraded(self, head: bytes) -> bool:
        self._open = head.startswith(b"HTTP/1.1 101")
        if self._open:
            self._opened.set_result(None)
        else:
            asked = re.search(rb"(?i)retry-after: *(\d+)", head)
            wait = float(asked.group(1)) if asked else 0.0
            self._opened.set_exception(NotConnected(f"{self.id}: {head[:60]!r}", wait))
            self.abort()
        return self._open

    def _receive(self, opcode: int, content: bytes) -> None:
        if opcode == TEXT:
            if content.startswith(b"[2,"):
                self._refuse(content)
            elif self._expected:
                result = content.startswith(self._expected)
                self._expected = b""
                self.on_answer(self, result, content)
        elif opcode == PING and self._transport:
            self._transport.write(frame(PONG, content))
        elif opcode == CLOSE:
            self.abort()

    def _refuse(self, command: bytes) -> None:
        """The commands that the CSMS sends by itself are not what is measured."""
        if self._transport:
            id = command.split(b'"', 2)[1]
            answer = b'[4,"%s","NotSupported","",{}]' % id
            self._transport.write(frame(TEXT, answer))


def _unexpected(station: Station, result: bool, text: bytes) -> None:
    """What is set while nobody waits for an answer."""


def frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((128 | opcode, 128 | size)) + b"\0\0\0\0" + payload
    return bytes((128 | opcode, 254)) + size.to_bytes(2, "big") + b"\0\0\0\0" + payload


def payload(data: bytes, position: int) -> tuple[int, bytes, int] | None:
    """The opcode and payload of the frame at ``position``, and its end; None when it is not all there."""
    if len(data) - position < 2:
        return None
    size, begin = data[position + 1], position + 2
    if size == 126:
        size, begin = int.from_bytes(data[begin : begin + 2], "big"), begin + 2
    elif size == 127:
        size, begin = int.from_bytes(data[begin : begin + 8], "big"), begin + 8
    if begin + size > len(data):
        return None
    return data[position] & 15, data[begin : begin + size], begin + size
