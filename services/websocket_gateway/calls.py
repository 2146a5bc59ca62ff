"""What a station asks: its CALLs onto the bus, one at a time and in order, and their answers back."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from libs.csms.clock import rfc3339
from libs.ocpp_messages import frame
from libs.ocpp_messages.action import Action
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.message import Message

from . import messages
from .acceptance import accepted
from .answers import answer_frame, error_frame
from .connection import Connection, Send
from .mailbox import Mailbox
from .messages import Incoming, Received
from .open_call import OpenCall
from .registration import Registration
from .wiring import Wiring

log = logging.getLogger(__name__)


class Calls:
    """Every CALL is answered by its deadline, also one that waited for its turn. Late answers are dropped."""

    __slots__ = (
        "_connection",
        "_ended",
        "_handled",
        "_ids",
        "_open",
        "_registration",
        "_waiting",
        "_wiring",
        "_write",
        "busy",
    )

    def __init__(
        self, connection: Connection, wiring: Wiring, registration: Registration, write: Send
    ) -> None:
        self._connection = connection
        self._wiring = wiring
        self._registration = registration
        self._write = write
        self._waiting: Mailbox[Received] = Mailbox(wiring.limits.waiting_calls)
        self._ids: set[str] = set()
        self._open: OpenCall | None = None
        self._handled: asyncio.Future[None] | None = None
        self._ended = False
        self.busy = False

    async def receive(self, incoming: Incoming) -> None:
        """Let a frame wait for its turn. Waits itself while too many do: then nothing more is read."""
        if isinstance(incoming, frame.Call):
            if incoming.id in self._ids:
                code = ErrorCode.RPC_FRAMEWORK_ERROR.of(self._connection.version)
                incoming = frame.Error(incoming.id, code, "the message id is that of a call in work")
            else:
                self._ids.add(incoming.id)
        self.busy = True
        deadline = asyncio.get_running_loop().time() + self._wiring.limits.call_timeout
        await self._waiting.put(Received(incoming, rfc3339(self._wiring.clock()), deadline))

    def answered(self, answer: Message) -> None:
        """Take an answer from the bus, unless it is late or answers another call. Never waits."""
        if self._open is not None:
            self._open.offer(answer)

    async def run(self) -> None:
        """Until ended. What has been received by then still goes onto the bus, and is answered no more."""
        while (received := await self._waiting.take()) is not None:
            if reply := await self._reply(received):
                await self._write(reply)
            self.busy = len(self._waiting) > 0
            if not self.busy:
                self._release()

    async def idle(self) -> None:
        """Wait until everything received has been answered."""
        while self.busy and not self._ended:
            self._handled = asyncio.get_running_loop().create_future()
            await self._handled

    def end(self) -> None:
        self._ended = True
        self._waiting.close()
        self._release()
        if self._open is not None:
            self._open.give_up()

    async def _reply(self, received: Received) -> bytes | None:
        match received.frame:
            case frame.Call() as call:
                try:
                    return await self._reply_to(call, received)
                finally:
                    self._ids.discard(call.id)
            case frame.Send() as send:
                await self._forward(send, received)
                return None
            case refusal:
                return frame.format(refusal)

    async def _reply_to(self, call: frame.Call, received: Received) -> bytes | None:
        try:
            action = accepted(call, self._connection.version, self._registration)
            if asyncio.get_running_loop().time() >= received.deadline:
                raise TimeoutError
            answer = await self._ask(action, call, received)
            return answer_frame(action, answer, self._registration) if answer else None
        except CallError as error:
            log.warning("answered %.50s with %s", call.action, error)
            refusal = error
        except TimeoutError:
            log.error("%s had no answer in %g s", call.action, self._wiring.limits.call_timeout)
            refusal = CallError(ErrorCode.INTERNAL_ERROR, "the CSMS did not answer in time")
        except Exception:
            log.exception("%s could not be published", call.action)
            refusal = CallError(ErrorCode.INTERNAL_ERROR, "the CSMS cannot take messages now")
        return error_frame(call.id, refusal, self._connection.version)

    async def _ask(self, action: Action[Any, Any], call: frame.Call, received: Received) -> Message | None:
        """The answer from the bus, or None when the connection has ended."""
        routing = self._wiring.routing
        message = messages.from_station(
            self._connection, call, received.at, routing.gateway_id, routing.reply_to(action)
        )
        self._open = OpenCall(message)
        try:
            async with asyncio.timeout_at(received.deadline):
                await self._wiring.bus.publish(action.request_topic, message)
                return None if self._ended else await self._open.answer()
        finally:
            self._open = None

    async def _forward(self, send: frame.Send, received: Received) -> None:
        """Publish what is never answered. If that fails it is lost: the station cannot be told."""
        try:
            action = accepted(send, self._connection.version, self._registration)
            message = messages.from_station(
                self._connection, send, received.at, self._wiring.routing.gateway_id, reply_to=""
            )
            async with asyncio.timeout_at(received.deadline):
                await self._wiring.bus.publish(action.request_topic, message)
        except CallError as error:
            log.warning("dropped %.50s: %s", send.action, error)
        except Exception:
            log.exception("%s could not be published", send.action)

    def _release(self) -> None:
        if self._handled is not None and not self._handled.done():
            self._handled.set_result(None)
