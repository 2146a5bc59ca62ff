"""What a station asks: its CALLs onto the bus, one at a time and in order, and the answers back."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Coroutine
from typing import Any, NamedTuple

import orjson

from libs.csms.clock import rfc3339
from libs.ocpp_messages import frame
from libs.ocpp_messages.action import Action, Direction
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.event import MessageRefused
from libs.ocpp_messages.leniency import MONEY_ACTIONS
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.repair import repairs_text
from libs.ocpp_messages.version import Version

from .bounded_queue import BoundedQueue
from .connection import Admitted, Send
from .context import GatewayContext
from .deviations import Deviations
from .registration import Registration
from .request import Request, read_request
from .tap import Tap
from .time_limit import TimeLimit

log = logging.getLogger(__name__)

_UNAVAILABLE = CallError(ErrorCode.INTERNAL_ERROR, "the CSMS cannot take messages now")


class NoFrame(NamedTuple):
    """What a station sent instead of a frame."""

    text: str
    problem: str
    answer: frame.Error | frame.ResultError | None
    """What the station gets for it: nothing, where the standard says so."""


class Repeated(NamedTuple):
    """A CALL with the message id of another one, which is not answered yet."""

    call: frame.Call


Inbound = frame.Call | frame.Send | Repeated | NoFrame
"""Messages, and the refusals of what is none: these wait for their turn too, so answers keep their order."""


class Received(NamedTuple):
    frame: Inbound
    at: str
    """RFC 3339 in UTC."""
    deadline: float
    """When it has to be answered: a time of the event loop."""


class PendingCall:
    """The one call of a station that is in work, and which message answers it."""

    __slots__ = ("_call", "answer")

    def __init__(self, call: Message, loop: asyncio.AbstractEventLoop) -> None:
        self._call = call
        self.answer: asyncio.Future[Message | None] = loop.create_future()
        """None if the call was cancelled."""

    def handle_answer(self, answer: Message) -> None:
        """Take a message if it answers this call.

        Stations use message ids again: the trace tells an answer to an earlier call of the same id.
        """
        call = self._call
        same = answer.message_id == call.message_id and answer.action == call.action
        if not same or (answer.traceparent and answer.traceparent != call.traceparent):
            log.debug("station %s: a late answer to %s is dropped", call.station_id, answer.action)
        elif not self.answer.done():
            self.answer.set_result(answer)

    def cancel(self) -> None:
        if not self.answer.done():
            self.answer.set_result(None)


class InboundCalls:
    """Every CALL is answered by its deadline, also one that waited for its turn. Late answers are dropped."""

    __slots__ = (
        "_closed",
        "_connection",
        "_context",
        "_deviations",
        "_idle",
        "_loop",
        "_pending",
        "_queue",
        "_queued_ids",
        "_refused_rules",
        "_registration",
        "_time_limit",
        "_write",
        "busy",
        "tap",
    )

    def __init__(
        self,
        admitted: Admitted,
        context: GatewayContext,
        registration: Registration,
        deviations: Deviations,
        write: Send,
    ) -> None:
        self.busy = False
        """Whether a frame of the station waits or is in work."""
        self.tap: Tap | None = None
        """Of a watched station."""
        self._loop = asyncio.get_running_loop()
        self._connection = admitted.connection
        self._refused_rules = admitted.refused_rules
        self._context = context
        self._deviations = deviations
        self._registration = registration
        self._write = write
        self._queue: BoundedQueue[Received] = BoundedQueue(context.limits.max_queued_calls)
        self._queued_ids: set[str] = set()
        self._pending: PendingCall | None = None
        self._idle: asyncio.Future[None] | None = None
        self._closed = False
        self._time_limit: TimeLimit
        """For a call. Of the task that runs."""

    async def enqueue(self, inbound: Inbound) -> None:
        """Let a frame wait for its turn. Waits itself while the queue is full: then nothing more is read."""
        if isinstance(inbound, frame.Call):
            if inbound.id in self._queued_ids:
                inbound = Repeated(inbound)
            else:
                self._queued_ids.add(inbound.id)
        self.busy = True
        deadline = self._loop.time() + self._context.limits.call_timeout
        received = Received(inbound, rfc3339(self._context.clock()), deadline)
        if not self._queue.try_put(received):
            await self._queue.put(received)

    def handle_answer(self, answer: Message) -> None:
        """Take an answer from the bus, unless it is late or answers another call. Never waits."""
        if self._pending is not None:
            self._pending.handle_answer(answer)

    async def run(self) -> None:
        """Until closed. What has been received by then still goes onto the bus, and is answered no more."""
        self._time_limit = TimeLimit()
        while (received := await self._queue.get()) is not None:
            response = await self._response(received)
            if isinstance(received.frame, frame.Call):
                self._queued_ids.discard(received.frame.id)
            if response:
                await self._write(response)
            del received, response  # an idle connection would hold its last frame, which may be a megabyte
            if self._deviations.is_due:
                await self._deviations.publish()
            self.busy = len(self._queue) > 0
            if not self.busy:
                self._notify_idle()
        await self._deviations.publish()

    async def wait_until_idle(self) -> None:
        """Wait until everything received has been answered, or dropped because the connection has ended."""
        while self.busy:
            self._idle = self._loop.create_future()
            await self._idle

    def close(self) -> None:
        self._closed = True
        self._queue.close()
        if self._pending is not None:
            self._pending.cancel()

    def _response(self, received: Received) -> Coroutine[Any, Any, bytes | None]:
        match received.frame:
            case frame.Call() as call:
                return self._response_to_call(call, received)
            case frame.Send() as send:
                return self._publish_send(send, received)
            case NoFrame() as text:
                return self._response_to_no_frame(text, received)
            case Repeated(call):
                return self._response_to_repeated(call, received)

    async def _response_to_repeated(self, call: frame.Call, received: Received) -> bytes:
        error = CallError(ErrorCode.RPC_FRAMEWORK_ERROR, "the message id is that of a call in work")
        if self.tap is not None:
            self.tap.received(call, self._came_at(received), error=error)
        return error_frame(call.id, error, self._connection.version)

    async def _response_to_call(self, call: frame.Call, received: Received) -> bytes | None:
        station, version = self._connection.station_id, self._connection.version
        try:
            request = self._request(call, received)
        except CallError as error:
            log.warning("station %s: %.50s refused: %s", station, call.action, error)
            self._deviations.refused(call.action, error, received.at)
            return error_frame(call.id, await self._refusal(call, error), version)
        try:
            if self._loop.time() >= received.deadline:
                raise TimeoutError
            answer = await self._ask(request, call.id, received)
            return self._response_frame(request.action, call.id, answer) if answer else None
        except CallError as error:
            failure = error
        except TimeoutError:
            seconds = self._context.limits.call_timeout
            log.error("station %s: %s got no answer from the CSMS in %g s", station, call.action, seconds)
            failure = CallError(ErrorCode.INTERNAL_ERROR, "the CSMS did not answer in time")
        except Exception:
            log.exception("station %s: %s could not be published", station, call.action)
            failure = _UNAVAILABLE
        return error_frame(call.id, failure, version)

    def _request(self, message: frame.Call | frame.Send, received: Received) -> Request:
        """What a message asks. Raises ``CallError``."""
        version, refused_rules = self._connection.version, self._refused_rules
        try:
            request = read_request(message, version, self._registration, received.at, refused_rules)
        except CallError as error:
            if self.tap is not None:
                self.tap.received(message, self._came_at(received), error=error)
            raise
        if self.tap is not None:
            self.tap.received(message, self._came_at(received), request.repairs)
        if request.repairs:
            self._deviations.repaired(request.action.name, request.repairs, received.at)
        return request

    def _came_at(self, received: Received) -> float:
        """As a time of the event loop."""
        return received.deadline - self._context.limits.call_timeout

    async def _refusal(self, call: frame.Call, error: CallError) -> CallError:
        """The error that the station gets, once what carries energy or money is kept.

        A station that has not been accepted is told to wait, and its message is not kept.
        """
        action = MONEY_ACTIONS.get(call.action.casefold())
        if action is None or error.code is ErrorCode.SECURITY_ERROR:
            return error
        return await self._keep(action, call.id, call.payload, error)

    async def _keep(self, action: str, id: str, payload: object, error: CallError) -> CallError:
        """``error`` if the bus took the message, else one after which the station tries again."""
        code = error.code.of(self._connection.version)
        refused = MessageRefused(
            action=action, message_id=str(id), payload=payload, code=code, reason=error.description
        )
        return error if await self._deviations.keep(refused) else _UNAVAILABLE

    async def _response_to_no_frame(self, no_frame: NoFrame, received: Received) -> bytes | None:
        action, answer = frame.money_action(no_frame.text), no_frame.answer
        error = CallError(ErrorCode.RPC_FRAMEWORK_ERROR, no_frame.problem)
        self._deviations.refused(action, error, received.at)
        if self.tap is not None:
            self.tap.received_text(no_frame.text, self._came_at(received), no_frame.problem)
        if action and isinstance(answer, frame.Error):
            refusal = await self._keep(action, answer.id, _payload_of(no_frame.text), error)
            if refusal is not error:
                return error_frame(answer.id, refusal, self._connection.version)
        return frame.format(answer) if answer else None

    async def _ask(self, request: Request, id: str, received: Received) -> Message | None:
        """The answer from the bus, or None when the connection has ended."""
        reply_to = self._context.routing.reply_to(request.action)
        message = self._message(Kind.CALL, request, id, received.at, reply_to)
        self._pending = PendingCall(message, self._loop)
        try:
            with self._time_limit.until(received.deadline):
                await self._context.bus.publish(request.action.request_topic, message)
                return None if self._closed else await self._pending.answer
        finally:
            self._pending = None

    async def _publish_send(self, send: frame.Send, received: Received) -> None:
        """Publish what is never answered. If that fails it is lost: the station cannot be told."""
        station = self._connection.station_id
        try:
            request = self._request(send, received)
            message = self._message(Kind.SEND, request, send.id, received.at, reply_to="")
            with self._time_limit.until(received.deadline):
                await self._context.bus.publish(request.action.request_topic, message)
        except CallError as error:
            log.warning("station %s: %.50s dropped: %s", station, send.action, error)
            self._deviations.refused(send.action, error, received.at)
        except Exception:
            log.exception("station %s: %s could not be published", station, send.action)

    def _message(self, kind: Kind, request: Request, id: str, received_at: str, reply_to: str) -> Message:
        connection = self._connection
        return Message(
            data=orjson.dumps(request.payload),
            message_id=str(id),
            station_id=connection.station_id,
            action=request.action.name,
            kind=kind,
            sent_at=received_at,
            origin=Direction.FROM_STATION,
            ocpp_version=connection.version,
            gateway_id=self._context.routing.gateway_id,
            connection_id=connection.id,
            reply_to=reply_to,
            traceparent=f"00-{random.getrandbits(128):032x}-{random.getrandbits(64):016x}-01",
            repairs=repairs_text(request.repairs) if request.repairs else "",
        )

    def _response_frame(self, action: Action[Any, Any], id: str, answer: Message) -> bytes:
        """A CALLRESULT or CALLERROR. Raises ``CallError`` for a response against its schema."""
        if answer.kind is Kind.ERROR:
            return _error_frame_of(id, answer)
        try:
            response = orjson.loads(answer.data)
            action.response_validator.check(response)
        except (orjson.JSONDecodeError, CallError) as violation:
            station = self._connection.station_id
            log.error(
                "station %s: the response to %s violates its schema: %s", station, action.name, violation
            )
            raise CallError(ErrorCode.INTERNAL_ERROR, "the CSMS made no valid response") from violation
        self._registration.call_answered(action.name, response)
        return frame.format_result(id, answer.data)

    def _notify_idle(self) -> None:
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)


def _payload_of(text: str) -> object:
    """The payload of what would be a CALL but for its form, or else the whole text."""
    try:
        match array := orjson.loads(text):
            case [_, _, _, dict(payload), *_]:
                orjson.dumps(array)
                return payload
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        pass  # no JSON, or nested too deeply to be written again
    return text


def error_frame(id: str, error: CallError, version: Version) -> bytes:
    return frame.format(frame.Error(id, error.code.of(version), error.description, error.details))


def _error_frame_of(id: str, answer: Message) -> bytes:
    """The refusal of a service, as it worded it."""
    try:
        details = orjson.loads(answer.data)
    except orjson.JSONDecodeError:
        details = {}
    return frame.format(
        frame.Error(
            id,
            answer.error_code or ErrorCode.INTERNAL_ERROR.value,
            answer.error_description,
            details if isinstance(details, dict) else {},
        )
    )
