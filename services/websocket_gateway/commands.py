"""What the CSMS asks of a station: commands from the bus, one at a time, and the station's answers back."""

from __future__ import annotations

import asyncio
import logging

from libs.csms.clock import rfc3339
from libs.ocpp_messages import frame
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.message import Message
from libs.ocpp_messages.version import Version

from . import replies
from .acceptance import sendable
from .connection import Connection, Send
from .mailbox import Mailbox
from .registration import Registration
from .replies import undelivered
from .wiring import Wiring

log = logging.getLogger(__name__)

_REMEMBERED = 64
"""Ids of commands that are not sent again when the bus delivers them again."""


class Commands:
    """Every command is answered on the bus: by the station or, failing that, by the gateway."""

    __slots__ = (
        "_connection",
        "_ended",
        "_open",
        "_registration",
        "_reply",
        "_seen",
        "_waiting",
        "_wiring",
        "_write",
    )

    def __init__(
        self, connection: Connection, wiring: Wiring, registration: Registration, write: Send
    ) -> None:
        self._connection = connection
        self._wiring = wiring
        self._registration = registration
        self._write = write
        self._waiting: Mailbox[tuple[float, Message]] = Mailbox(wiring.limits.waiting_commands)
        self._seen: list[str] = []
        self._open = ""
        self._reply: asyncio.Future[frame.Result | frame.Error | None] | None = None
        self._ended = False

    def receive(self, command: Message) -> None:
        """Let a command wait for its turn. Never waits. Raises ``CallError`` if too many do."""
        if command.message_id in self._seen:
            log.info("%s %s came twice from the bus", command.action, command.message_id)
            return
        if self._ended:
            raise undelivered("notConnected", "the station has just left")
        if not self._waiting.offer((asyncio.get_running_loop().time(), command)):
            raise undelivered("overloaded", "too many commands wait for the station")
        self._seen = [*self._seen[1 - _REMEMBERED :], command.message_id]

    def replied(self, reply: frame.Result | frame.Error) -> None:
        """Take a frame of the station, unless it is late or answers nothing. Never waits."""
        if self._reply is None or reply.id != self._open:
            log.debug("dropped a reply to nothing that is open")
        elif not self._reply.done():
            self._reply.set_result(reply)

    async def run(self) -> None:
        """Until ended; then the commands that are left are answered that the station is gone."""
        while (waiting := await self._waiting.take()) is not None:
            received_at, command = waiting
            answer = await self._answer(command, received_at)
            if not command.reply_to:
                continue
            try:
                await self._wiring.bus.publish(command.reply_to, answer)
            except Exception:
                log.exception("the answer to %s could not be published", command.action)

    def end(self) -> None:
        self._ended = True
        self._waiting.close()
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(None)

    async def _answer(self, command: Message, received_at: float) -> Message:
        try:
            action, request = sendable(command, self._connection.version)
            if asyncio.get_running_loop().time() > received_at + self._wiring.limits.command_patience:
                raise undelivered("timeout", "its turn came too late", ErrorCode.GENERIC_ERROR)
            reply = await self._exchange(command)
            if isinstance(reply, frame.Error):
                return replies.error(command, reply, self._now())
            try:
                response = replies.checked(action, reply)
            except CallError as violation:
                await self._refuse(reply, violation)
                raise undelivered("invalidResponse", violation.description, violation.code) from violation
            self._registration.commanded(action.name, request, response)
            return replies.result(command, response, self._now())
        except CallError as error:
            log.warning("%s %s: %s", command.action, command.message_id, error)
            return command.error(error, self._now())

    async def _exchange(self, command: Message) -> frame.Result | frame.Error:
        self._open = command.message_id
        self._reply = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._wiring.limits.command_timeout):
                if not self._ended:
                    await self._write(frame.format_call(command.message_id, command.action, command.data))
                reply = None if self._ended else await self._reply
        except TimeoutError:
            raise undelivered(
                "timeout", "the station did not answer in time", ErrorCode.GENERIC_ERROR
            ) from None
        finally:
            self._open, self._reply = "", None
        if reply is None:
            raise undelivered("notConnected", "the station left before it answered")
        return reply

    async def _refuse(self, reply: frame.Result, violation: CallError) -> None:
        """Only OCPP 2.1 has words for a CALLRESULT that is wrong."""
        if self._connection.version is Version.V21:
            code = violation.code.of(Version.V21)
            await self._write(frame.format(frame.ResultError(reply.id, code, violation.description)))

    def _now(self) -> str:
        return rfc3339(self._wiring.clock())
