"""One station's connection: frames on one side, bus messages on the other. Knows neither sockets nor HTTP."""

from __future__ import annotations

import asyncio
import logging

from libs.csms.clients.admission import RegistrationStatus
from libs.ocpp_messages import frame
from libs.ocpp_messages.message import Message

from . import transcript
from .calls import Calls
from .commands import Commands
from .connection import Close, Connection, Disconnected, Receive, Send
from .registration import Registration
from .wiring import Wiring

log = logging.getLogger(__name__)

UNSUPPORTED_DATA = 1003


class Session:
    """Both directions at once: neither waits for the other, and one outstanding call in each."""

    __slots__ = ("_calls", "_close", "_commands", "_ended", "_send", "_wiring", "connection")

    def __init__(
        self, connection: Connection, status: RegistrationStatus, wiring: Wiring, send: Send, close: Close
    ) -> None:
        self.connection = connection
        self._wiring = wiring
        self._send = send
        self._close = close
        self._ended: Disconnected | None = None
        registration = Registration(status)
        self._calls = Calls(connection, wiring, registration, self._write)
        self._commands = Commands(connection, wiring, registration, self._write)

    async def run(self, receive: Receive) -> Disconnected:
        """Until the connection ends. What the station sent last still goes onto the bus, if that is quick."""
        try:
            async with asyncio.timeout(None) as patience, asyncio.TaskGroup() as tasks:
                tasks.create_task(self._calls.run())
                tasks.create_task(self._commands.run())
                await self._read(receive)
                patience.reschedule(asyncio.get_running_loop().time() + self._wiring.limits.publish_timeout)
        except TimeoutError:
            log.error("the last messages of the connection could not be published")
        return self._ended or Disconnected(1006, "")

    def answered(self, answer: Message) -> None:
        """Take the CSMS's answer to a call. Never waits."""
        self._calls.answered(answer)

    def commanded(self, command: Message) -> None:
        """Take a command. Never waits. Raises ``CallError`` where the station cannot get it."""
        self._commands.receive(command)

    def close(self, code: int, reason: str) -> None:
        """End the connection from this side. Never waits. What the station sends from now on is dropped."""
        self._end(Disconnected(code, reason))
        self._close(code, reason)

    @property
    def busy(self) -> bool:
        """Whether a call of the station has no answer yet."""
        return self._calls.busy

    async def idle(self) -> None:
        """Wait until every call of the station has been answered."""
        await self._calls.idle()

    async def _read(self, receive: Receive) -> None:
        try:
            while True:
                text = await receive()
                if self._ended is not None:
                    continue
                if isinstance(text, bytes):
                    self.close(UNSUPPORTED_DATA, "OCPP-J frames are text")
                else:
                    transcript.received(text)
                    await self._take(text)
        except Disconnected as gone:
            self._end(gone)

    async def _take(self, text: str) -> None:
        try:
            received = frame.parse(text, self.connection.version)
        except frame.FrameError as error:
            log.warning("received what is no frame: %s", error)
            if error.answer is not None:
                await self._calls.receive(error.answer)
            return
        match received:
            case frame.Call() | frame.Send():
                await self._calls.receive(received)
            case frame.ResultError():
                log.warning("the station refused a response: %s %s", received.code, received.description)
            case reply:
                self._commands.replied(reply)

    async def _write(self, text: bytes) -> None:
        if self._ended is not None:
            return
        transcript.sent(text)
        try:
            await self._send(text)
        except Disconnected as gone:
            self._end(gone)

    def _end(self, gone: Disconnected) -> None:
        if self._ended is None:
            self._ended = gone
            self._calls.end()
            self._commands.end()
