"""What the CSMS asks of a station: commands from the bus, one at a time, and the station's answers back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec
import orjson

from libs.csms.clock import parse_time, rfc3339
from libs.csms.secrets import secrets_in, without
from libs.ocpp_messages import frame
from libs.ocpp_messages.action import Action, Direction, encode
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.event import COMMAND_SENT, CommandSent
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

from .bounded_queue import BoundedQueue
from .connection import Connection, Send
from .context import GatewayContext
from .deviations import Deviations
from .registration import Registration
from .tap import Tap

log = logging.getLogger(__name__)

MAX_REMEMBERED_COMMANDS = 64
"""Commands that are not sent again when the bus delivers them again; and as many cancelled ones, that it may
deliver after their cancellation.
"""

MIN_ANSWER_TIMEOUT = 5.0
"""Seconds that even a station has which has not answered for long."""


def undelivered(reason: str, description: str, code: ErrorCode = ErrorCode.INTERNAL_ERROR) -> CallError:
    """An error that is the gateway's own and not the station's: its details are ``{"gateway": reason}``.

    The command was never sent: ``notConnected``, ``expired``, ``cancelled``, ``overloaded`` and
    ``invalidRequest``. It was sent, and may have been carried out: ``timeout`` and ``disconnected``.
    """
    return CallError(code, description, {"gateway": reason})


@dataclass(frozen=True, slots=True, eq=False)
class QueuedCommand:
    message: Message
    received_at: float
    """As all times here, one of the event loop."""
    deadline: float
    """It is not sent after that."""
    timer: asyncio.TimerHandle
    """Ends it at the deadline, if it still waits then."""


class PendingCommand:
    """The one command of a station that is on the wire, and its reply."""

    __slots__ = ("announcement", "command", "reply", "sent_at", "timeout")

    def __init__(self, command: Message, sent_at: str, timeout: float) -> None:
        self.command = command
        self.sent_at = sent_at
        self.timeout = timeout
        """Seconds that the station has to answer."""
        self.reply: asyncio.Future[frame.Result | frame.Error | None]
        self.reply = asyncio.get_running_loop().create_future()
        """None if the station left without one."""
        self.announcement: asyncio.TimerHandle | None = None
        """Publishes CommandSent."""

    def end(self, reply: frame.Result | frame.Error | None) -> None:
        if not self.reply.done():
            self.reply.set_result(reply)


class OutboundCalls:
    """Every command is answered on the bus: by the station or, failing that, by the gateway.

    A command goes onto the wire before its ``expires_at`` or never, and the gateway answers at that time.
    Those that somebody waits for overtake those of low priority; among equals the order is kept.
    """

    __slots__ = (
        "_answer_timeout",
        "_cancelled_ids",
        "_closed",
        "_connection",
        "_context",
        "_deviations",
        "_pending",
        "_queue",
        "_registration",
        "_remembered",
        "_silences",
        "_tasks",
        "_write",
        "tap",
    )

    def __init__(
        self,
        connection: Connection,
        context: GatewayContext,
        registration: Registration,
        deviations: Deviations,
        write: Send,
        answer_timeout: float | None = None,
    ) -> None:
        self.tap: Tap | None = None
        """Of a watched station."""
        self._connection = connection
        self._context = context
        self._registration = registration
        self._deviations = deviations
        self._write = write
        self._answer_timeout = answer_timeout or context.limits.command_timeout
        self._queue: BoundedQueue[QueuedCommand] = BoundedQueue(context.limits.max_queued_commands)
        self._remembered: list[tuple[str, str]] = []
        self._cancelled_ids: list[str] = []
        self._pending: PendingCommand | None = None
        self._silences = 0
        """Commands in a row that the station has not answered."""
        self._tasks: asyncio.TaskGroup | None = None
        self._closed = False

    def enqueue(self, command: Message) -> None:
        """Let a command wait for its turn. Never waits. Raises ``CallError`` if it cannot be sent."""
        attempt = command.message_id, command.expires_at
        if attempt in self._remembered:
            log.info(
                "station %s: %s %s came twice from the bus, and is sent once",
                command.station_id,
                command.action,
                command.message_id,
            )
            return
        if self._closed:
            raise undelivered("notConnected", "the station has just left")
        queued = self._queued(command)
        is_admitted = self._is_admitted(queued)
        if (
            is_admitted or command.expires_at
        ):  # its sender is told that it was not sent: it must not come again
            self._remembered = [*self._remembered[1 - MAX_REMEMBERED_COMMANDS :], attempt]
        if not is_admitted:
            queued.timer.cancel()
            raise undelivered("overloaded", "too many commands wait for the station")

    def cancel(self, id: str) -> None:
        """Answer a command that waits, or is yet to come, with ``cancelled``. If it is sent, publish that at
        once. Never waits.
        """
        self._cancelled_ids = [*self._cancelled_ids[1 - MAX_REMEMBERED_COMMANDS :], id]
        if self._pending is not None and self._pending.command.message_id == id:
            self._announce(self._pending)
        else:
            self._end_unsent(lambda queued: queued.message.message_id == id, _cancelled())

    def handle_reply(self, reply: frame.Result | frame.Error) -> None:
        """Take a frame of the station, unless it is late or answers nothing. Never waits."""
        self._silences = 0
        if self._pending is None or reply.id != self._pending.command.message_id:
            log.debug("station %s: a reply to no pending command is dropped", self._connection.station_id)
            if self.tap is not None:
                self.tap.replied(reply, secrets=None)
        else:
            self._pending.end(reply)

    async def run(self) -> None:
        """Until closed; then the commands that are left are answered that the station is gone."""
        async with asyncio.TaskGroup() as self._tasks:
            try:
                while (queued := await self._queue.get()) is not None:
                    queued.timer.cancel()
                    await self._publish(queued.message.reply_to, await self._answer(queued))
            finally:
                self._tasks = None  # a timer may come after this was cancelled

    def close(self) -> None:
        self._closed = True
        self._queue.close()
        if self._pending is not None:
            self._pending.end(None)

    def _queued(self, command: Message) -> QueuedCommand:
        """Raises ``CallError`` if it comes too late, or is cancelled already."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        seconds_to_go = self._seconds_to_go(command)
        if seconds_to_go <= 0:
            raise undelivered("expired", "it came too late from the bus, by the clock of the gateway")
        deadline = now + seconds_to_go
        self._check_in_time(command, deadline)
        return QueuedCommand(command, now, deadline, loop.call_at(deadline, self._expire, command))

    def _seconds_to_go(self, command: Message) -> float:
        """Until it expires. Whoever sent it may have another clock than this gateway: the time that he gave
        it counts from here on too, so that a gateway whose clock is behind does not send it later than the
        message took on the bus. If the gateway's clock is ahead, the command expires so much earlier.
        """
        limit = timedelta(seconds=self._context.limits.command_queue_timeout)
        if command.expires_at:
            try:
                expires_at, given_at = parse_time(command.expires_at), parse_time(command.sent_at)
            except ValueError:
                raise undelivered("invalidRequest", "expiresAt or sentAt is not a time") from None
            limit = min(limit, expires_at - given_at, expires_at - self._context.clock())
        return limit.total_seconds()

    def _is_admitted(self, queued: QueuedCommand) -> bool:
        """Those of low priority take half of the places at most."""
        if queued.message.priority:
            has_room = len(self._queue) < self._context.limits.max_queued_commands // 2
            return has_room and self._queue.try_put(queued)
        return self._queue.try_put(queued, lambda other: bool(other.message.priority))

    def _expire(self, command: Message) -> None:
        self._end_unsent(lambda queued: queued.message is command, _expired())

    def _end_unsent(self, fits: Callable[[QueuedCommand], bool], why: CallError) -> None:
        """Answer a command before its turn; or at its turn, which is about to come where nothing runs yet."""
        if self._tasks is not None and (queued := self._queue.take(fits)):
            queued.timer.cancel()
            answer = queued.message.error(why, self._now())
            self._tasks.create_task(self._publish(queued.message.reply_to, answer))

    async def _answer(self, queued: QueuedCommand) -> Message:
        """The station's answer, or the gateway's."""
        command, pending = queued.message, None
        try:
            action, request = _checked_request(command, self._connection.version)
            self._check_in_time(command, queued.deadline)
            pending = self._pending = PendingCommand(command, self._now(), self._next_timeout())
            reply = await self._reply(pending, queued.received_at)
            violation = self._violation(action, reply) if isinstance(reply, frame.Result) else None
            secrets = secrets_in(request)
            if self.tap is not None:
                self.tap.replied(reply, secrets, violation)
            if violation is not None:
                await self._refuse_response(reply.id, violation)
            if isinstance(reply, frame.Result) and isinstance(reply.payload, dict):
                self._registration.command_answered(action.name, request, reply.payload)
            return _answer_message(pending, secrets, reply, violation, self._now())
        except CallError as error:
            id = command.message_id
            log.warning("station %s: %s %s failed: %s", command.station_id, command.action, id, error)
            return command.error(error, self._now(), pending.sent_at if pending else "")

    def _check_in_time(self, command: Message, deadline: float) -> None:
        """Right before the write too, as the loop may have been late. Raises ``CallError``."""
        if self._closed:
            raise undelivered("notConnected", "the station left before the command was sent")
        if command.message_id in self._cancelled_ids:
            raise _cancelled()
        if asyncio.get_running_loop().time() >= deadline:
            raise _expired()

    def _next_timeout(self) -> float:
        """Half as long after each silence: a mute station holds up what waits for it, though not for long."""
        full = self._answer_timeout
        return max(full / 2.0**self._silences, min(full, MIN_ANSWER_TIMEOUT))

    async def _reply(self, pending: PendingCommand, received_at: float) -> frame.Result | frame.Error:
        """Send the command and wait. Raises ``CallError`` where there is no reply."""
        command, loop = pending.command, asyncio.get_running_loop()
        announced_at = received_at + self._context.limits.announcement_delay
        pending.announcement = loop.call_at(announced_at, self._announce, pending)
        try:
            async with asyncio.timeout(pending.timeout):
                await self._write(frame.format_call(command.message_id, command.action, command.data))
                reply = await pending.reply
        except TimeoutError:
            self._silences += 1
            description = "the station did not answer in time"
            raise undelivered("timeout", description, ErrorCode.GENERIC_ERROR) from None
        finally:
            self._pending = None
            pending.announcement.cancel()
        if reply is None:
            raise undelivered("disconnected", "the station left before it answered")
        return reply

    def _announce(self, pending: PendingCommand) -> None:
        """Let everybody know that a command is sent, though it has no answer yet."""
        if pending.announcement is not None:
            pending.announcement.cancel()
        if self._tasks is None:
            return
        command = pending.command
        sent = CommandSent(id=command.message_id, sent_at=pending.sent_at, answer_timeout=pending.timeout)
        event = Message(
            data=encode(sent),
            message_id=command.message_id,
            station_id=command.station_id,
            action=COMMAND_SENT.name,
            kind=Kind.EVENT,
            sent_at=self._now(),
            origin=Direction.FROM_STATION,
            ocpp_version=self._connection.version,
            gateway_id=self._context.routing.gateway_id,
            connection_id=self._connection.id,
        )
        self._tasks.create_task(self._publish(event.action, event))

    def _violation(self, action: Action[Any, Any], reply: frame.Result) -> CallError | None:
        """How a response breaks its schema."""
        try:
            action.response_validator.check(reply.payload)
        except CallError as violation:
            station = self._connection.station_id
            log.warning("station %s: the response to %s: %s", station, action.name, violation)
            self._deviations.refused(action.name, violation, self._now())
            return violation
        return None

    async def _refuse_response(self, id: str, violation: CallError) -> None:
        """Only OCPP 2.1 has words to say so to the station."""
        if self._connection.version is Version.V21:
            code = violation.code.of(Version.V21)
            await self._write(frame.format(frame.ResultError(id, code, violation.description)))

    async def _publish(self, topic: str, message: Message) -> None:
        if not topic:
            return
        try:
            await self._context.bus.publish(topic, message)
        except Exception:
            station, action = message.station_id, message.action
            log.exception("station %s: its answer to %s could not be published", station, action)

    def _now(self) -> str:
        return rfc3339(self._context.clock())


def _expired() -> CallError:
    return undelivered("expired", "its turn did not come in time", ErrorCode.GENERIC_ERROR)


def _cancelled() -> CallError:
    return undelivered("cancelled", "the command was cancelled before it was sent")


def _checked_request(command: Message, version: Version) -> tuple[Action[Any, Any], dict[str, Any]]:
    """The action and payload of a command that may be sent to the station. Raises ``CallError``."""
    action = ACTIONS[version].get(command.action)
    if action is None or not action.to_station or command.ocpp_version not in (None, version):
        raise undelivered("invalidRequest", f"{command.action} is no command of {version}")
    if not 0 < len(command.message_id) <= 36:
        raise undelivered("invalidRequest", "the message id must have 1 to 36 characters")
    try:
        request = orjson.loads(command.data)
        action.request_validator.check(request)
    except orjson.JSONDecodeError:
        raise undelivered("invalidRequest", "the payload is not JSON") from None
    except CallError as violation:
        raise undelivered("invalidRequest", violation.description, violation.code) from violation
    return action, request


def _answer_message(
    pending: PendingCommand,
    secrets: set[str],
    reply: frame.Result | frame.Error,
    violation: CallError | None,
    sent_at: str,
) -> Message:
    """The station's answer; a CALLRESULT with what is wrong with it, if something is.

    The explanations in it may repeat the secrets of the command, which only the gateway can still find.
    """
    data: Any
    if isinstance(reply, frame.Error):
        kind, data = Kind.ERROR, without(secrets, reply.details)
        code, description = reply.code[:50] or ErrorCode.GENERIC_ERROR.value, reply.description
    else:
        kind, data = Kind.RESULT, _without_in_explanation(secrets, reply.payload)
        code, description = (violation.code.value, violation.description) if violation else ("", "")
    return msgspec.structs.replace(
        pending.command,
        kind=kind,
        data=orjson.dumps(data),
        sent_at=sent_at,
        reply_to="",
        error_code=code,
        error_description=without(secrets, description)[:255],
        command_sent_at=pending.sent_at,
    )


def _without_in_explanation(secrets: set[str], response: Any) -> Any:
    """Elsewhere in a response, a text that contains a short PIN by chance must stay what it is."""
    match response:
        case {"statusInfo": explanation} if secrets:
            return response | {"statusInfo": without(secrets, explanation)}
    return response
