"""The station's end of one OCPP-J connection. It knows frames and the one call that may be under way."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from libs.ocpp_messages import frame
from libs.ocpp_messages.action import encode
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.version import Version

from .dialect import Request
from .tally import Tally

Send = Callable[[bytes], Awaitable[None]]
OnCommand = Callable[[frame.Call, Send], Awaitable[None]]


class Refused(Exception):
    """The CSMS answered with a CALLERROR, or with something that is no answer to the call."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code


class Lost(Exception):
    """The connection went, or no answer came in time: nobody knows whether the CSMS took the call."""


class Connection:
    def __init__(self, socket: ClientConnection, version: Version, timeout: float, tally: Tally) -> None:
        self._socket = socket
        self._version = version
        self._timeout = timeout
        self._tally = tally
        self._turn = asyncio.Lock()
        self._message_id = ""
        self._answer: asyncio.Future[frame.Frame] | None = None

    async def call(self, request: Request) -> Any:
        """Waits for its turn: one call at a time is under way. Raises ``Refused`` and ``Lost``."""
        payload = encode(request.payload)
        async with self._turn:
            self._message_id = str(uuid.uuid4())
            self._answer = asyncio.get_running_loop().create_future()
            begun = time.perf_counter()
            await self._send(frame.format_call(self._message_id, request.action.name, payload))
            answer = await self._answered(self._answer)
            if isinstance(answer, frame.Result):
                self._tally.latencies.append(time.perf_counter() - begun)
        return self._typed(request, answer)

    async def listen(self, on_command: OnCommand) -> None:
        """Take what the CSMS sends until the connection closes."""
        try:
            async for text in self._socket:
                await self._take(text, on_command)
        except (ConnectionClosed, Lost):
            return
        finally:
            if self._answer and not self._answer.done():
                self._answer.set_exception(Lost("the connection was closed"))
                self._answer.exception()

    async def _take(self, text: str | bytes, on_command: OnCommand) -> None:
        try:
            received = frame.parse(text, self._version)
        except frame.FrameError as error:
            self._tally.errors["unreadable frame"] += 1
            if error.answer:
                await self._send(frame.format(error.answer))
            return
        if isinstance(received, frame.Call):
            self._tally.commands += 1
            await on_command(received, self._send)
        elif self._answer and received.id == self._message_id and not self._answer.done():
            self._answer.set_result(received)
        else:
            self._tally.errors["answer to nothing"] += 1

    async def _answered(self, answer: asyncio.Future[frame.Frame]) -> frame.Frame:
        try:
            async with asyncio.timeout(self._timeout):
                return await answer
        except TimeoutError:
            self._tally.errors["no answer"] += 1
            await self._socket.close()
            raise Lost("no answer in time") from None

    def _typed(self, request: Request, answer: frame.Frame) -> Any:
        if not isinstance(answer, frame.Result):
            code = answer.code if isinstance(answer, frame.Error) else ErrorCode.GENERIC_ERROR
            self._tally.errors[f"{request.action.name}: {code}"] += 1
            raise Refused(code, answer.description if isinstance(answer, frame.Error) else "")
        try:
            request.action.response_validator.check(answer.payload)
        except CallError as error:
            self._tally.errors[f"{request.action.name}: bad answer"] += 1
            raise Refused(error.code, error.description) from error
        return msgspec.convert(answer.payload, request.action.response, strict=False)

    async def _send(self, text: bytes) -> None:
        try:
            await self._socket.send(text, text=True)
        except ConnectionClosed as closed:
            raise Lost("the connection is closed") from closed
