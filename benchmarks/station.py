"""A charging station that costs almost nothing, so that the server is what is measured: WebSocket by hand.

Of an answer it reads only whether it is the CALLRESULT of its call.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from base64 import b64encode
from collections.abc import Callable
from typing import cast

from . import websocket

Answered = Callable[["Station", bool, bytes], None]
"""Called with whether the answer was a CALLRESULT, and the text of it."""


class NotConnected(Exception):
    """The CSMS did not take the connection or the call. ``retry_after``: how long it asks to wait."""

    def __init__(self, text: str, retry_after: float = 0) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class Station(asyncio.Protocol):
    def __init__(self, id: str, version: str, port: int) -> None:
        self.id = id
        self.closed = False
        self.called_at = 0.0
        self.answered: Answered = _unexpected
        self._version = version
        self._port = port
        self._transport: asyncio.WriteTransport | None = None
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open = False
        self._rest = b""
        self._prefix = os.urandom(4).hex().encode()
        self._calls = 0
        self._expected = b""

    @property
    def busy(self) -> bool:
        """A call is under way."""
        return bool(self._expected)

    async def connect(self) -> None:
        """Raises ``NotConnected``."""
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._port)
        except OSError as error:
            raise NotConnected(str(error)) from error
        await self._opened

    def call(self, tail: bytes) -> None:
        """Send ``[2,"id"`` and ``tail``, which begins with a comma and ends the array."""
        if self._transport is None or self.closed:
            raise NotConnected(f"{self.id} has no connection")
        self._calls += 1
        id = b'"%s%08d"' % (self._prefix, self._calls)
        self._expected = b"[3," + id
        self.called_at = time.perf_counter()
        self._transport.write(websocket.frame(websocket.TEXT, b"[2," + id + tail))

    async def ask(self, tail: bytes) -> bytes:
        """A call whose answer is waited for. Raises ``NotConnected`` where there is no CALLRESULT."""
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        def take(station: Station, result: bool, text: bytes) -> None:
            if answer.done():
                return
            if result:
                answer.set_result(text)
            else:
                answer.set_exception(NotConnected(f"{tail[:30]!r}: {text[:200]!r}"))

        self.answered = take
        self.call(tail)
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
            self.answered(self, False, b"connection lost")

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        if not self._open:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._rest = data
                return
            if not self._upgraded(data[:end]):
                return
            data = data[end + 4 :]
        position = 0
        while (found := websocket.payload(data, position)) is not None:
            opcode, payload, position = found
            self._take(opcode, payload)
        self._rest = data[position:]

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

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == websocket.TEXT:
            if payload.startswith(b"[2,"):
                self._refuse(payload)
            elif self._expected:
                result = payload.startswith(self._expected)
                self._expected = b""
                self.answered(self, result, payload)
        elif opcode == websocket.PING and self._transport:
            self._transport.write(websocket.frame(websocket.PONG, payload))
        elif opcode == websocket.CLOSE:
            self.abort()

    def _refuse(self, command: bytes) -> None:
        """What the CSMS asks by itself is not what is measured."""
        if self._transport:
            id = command.split(b'"', 2)[1]
            answer = b'[4,"%s","NotSupported","",{}]' % id
            self._transport.write(websocket.frame(websocket.TEXT, answer))


def _unexpected(station: Station, result: bool, text: bytes) -> None:
    """Nobody waits for an answer."""
