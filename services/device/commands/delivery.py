"""The delivery of commands: publishing, waiting for the end, recording the answer, cancelling and expiring.

Every step is a change of the stored command, so that any replica can do the next one. Only the process that
made a command ``sent`` publishes it: so it never runs twice, and if that process dies, it ends ``timeout``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial

import orjson

from libs.csms.clock import parse_time, rfc3339
from libs.csms.errors import Conflict
from libs.csms.messaging.bus import Subscription, UnknownTopic
from libs.csms.messaging.temporary import consume_temporarily
from libs.csms.parallel import each
from libs.csms.secrets import masked_json, masked_text
from libs.csms.storage.queries import every
from libs.csms.storage.store import Query
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.event import COMMAND_ENDED, CommandEnded
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

from ..connectivity.model import Connection
from .batch import Batch
from .model import ANSWER_DEADLINE, ANSWER_GRACE, Command, CommandError
from .security_settings import apply_result
from .service import Commands, UnknownCommand

log = logging.getLogger(__name__)

MAX_RESPONSE = 700_000
"""Bytes of a response that are stored; a document of Firestore holds a mebibyte."""

PARALLEL = 20
"""Commands that are expired at the same time."""

NO_GATEWAY = CallError(
    ErrorCode.INTERNAL_ERROR, "the gateway of the station has ended", {"gateway": "notConnected"}
)


class NotWaiting(Conflict):
    """A command cannot be cancelled that has been sent or has ended."""


async def publish(commands: Commands, command: Command, payload: bytes, connection: Connection) -> None:
    """Publish a command that has just been made ``sent`` to the gateway of the connection."""
    now = commands.clock()
    message = Message(
        data=payload,
        message_id=command.id,
        station_id=command.station_id,
        action=command.action,
        kind=Kind.CALL,
        sent_at=rfc3339(now),
        origin=Direction.TO_STATION,
        ocpp_version=Version(command.ocpp_version),
        gateway_id=connection.gateway_id,
        connection_id=connection.connection_id,
        reply_to=f"{command.action}Response",
    )
    commands.alarm.set(now + ANSWER_GRACE)
    try:
        await commands.bus.publish(connection.inbox or f"{command.action}Request", message)
    except UnknownTopic:
        await record_answer(commands, message.error(NO_GATEWAY, rfc3339(now)))


async def record_answer(commands: Commands, answer: Message) -> None:
    """Store the answer to a command and publish its end. A final command is not changed."""
    command = await commands.commands.get(answer.message_id)
    if command is None or command.station_id != answer.station_id:
        log.warning("station %s: dropped an answer to no command: %s", answer.station_id, answer.action)
        return
    found, change = command, _change(answer)
    await apply_result(commands.security, change(found))
    await announce_end(
        commands, await commands.commands.update(found.id, lambda known: change(known or found))
    )


def _change(answer: Message) -> Callable[[Command], Command]:
    at = parse_time(answer.sent_at)
    if answer.kind is Kind.ERROR:
        error = _error(answer)
        return lambda command: command.refused(error, at)
    response = _kept_response(answer)
    return lambda command: command.answered(response, at)


def _error(answer: Message) -> CommandError:
    try:
        details = masked_json(orjson.loads(answer.data))
    except CallError:
        details = "{}"
    description = masked_text(answer.error_description)
    return CommandError(code=answer.error_code, description=description, details=details)


def _kept_response(answer: Message) -> str:
    """The response, secrets hidden. One that is too long or too deeply nested is replaced by the reason."""
    try:
        response = masked_json(orjson.loads(answer.data))
    except CallError as error:
        return orjson.dumps({"withheld": error.description}).decode()
    if len(response.encode()) > MAX_RESPONSE:
        return orjson.dumps({"withheld": f"longer than {MAX_RESPONSE} bytes"}).decode()
    return response


async def outcome(
    commands: Commands,
    command: Command,
    seconds: float,
    is_enough: Callable[[Command], bool] = lambda command: command.is_final,
) -> Command:
    """The command when it has ended, or as it is after ``seconds``.

    Reads it once, and again each time that this process receives CommandEnded, as any replica may have stored
    the answer. Only the process of ``reply_to`` receives that: others, with the same Idempotency-Key, read it
    every second.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    check_interval = seconds if command.reply_to == commands.process_id else 1.0
    with commands.signals.subscribe(command.id) as changed:
        while True:
            changed.clear()
            command = await commands.commands.get(command.id) or command
            if is_enough(command) or loop.time() >= until:
                return command
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(until, loop.time() + check_interval)):
                    await changed.wait()


async def receive_ends(commands: Commands) -> None:
    """Until cancelled: receive CommandEnded of the commands that clients of this process wait for."""

    async def ended(message: Message) -> None:
        commands.signals.notify(message.message_id)

    name = f"{commands.process_id}.{COMMAND_ENDED.name}"
    subscription = Subscription(name, COMMAND_ENDED.name, gateway_id=commands.process_id, temporary=True)
    await consume_temporarily(commands.bus, subscription, ended)


async def announce_end(commands: Commands, command: Command) -> None:
    """Publish CommandEnded, and schedule the next command of its station if this one had to wait."""
    await announce(commands, command)
    if command.waits:
        await schedule_next(commands, command.station_id, commands.clock())


async def announce(commands: Commands, command: Command) -> None:
    """Publish CommandEnded; once more when a remote start that has ended leads to a transaction."""
    await commands.bus.publish(COMMAND_ENDED.name, _end_of(command, rfc3339(commands.clock())))
    commands.signals.notify(command.id)


async def republish_recent(commands: Commands) -> None:
    """Publish CommandEnded of the latest commands again. A process may have died between storing an answer
    and the delivery of the event to all subscribers: the embedded bus loses its messages then.
    """
    newest = await commands.commands.find(Query({"status": "answered"}, "sentAt", True, page_size=1))
    for sent_at in (one.sent_at for one in newest.items if one.sent_at is not None):
        latest = Query({"status": "answered"}, "sentAt", True, from_=rfc3339(sent_at - ANSWER_DEADLINE))
        async for command in every(commands.commands, latest):
            at = command.answered_at or sent_at
            await commands.bus.publish(COMMAND_ENDED.name, _end_of(command, rfc3339(at)))


def _end_of(command: Command, now: str) -> Message:
    """CommandEnded, published at least once for each command, with the same content each time."""
    event = CommandEnded(
        id=command.id,
        action=command.action,
        status=command.status,
        payload=orjson.loads(command.payload),
        response=None if command.response is None else orjson.loads(command.response),
        answered_at="" if command.answered_at is None else rfc3339(command.answered_at),
        gateway_reason="" if command.error is None else command.error.reason,
    )
    return Message(
        data=encode(event),
        message_id=command.id,
        station_id=command.station_id,
        action=COMMAND_ENDED.name,
        kind=Kind.EVENT,
        origin=Direction.FROM_STATION,
        ocpp_version=Version(command.ocpp_version) if command.ocpp_version else None,
        gateway_id=command.reply_to,
        sent_at=now,
    )


async def schedule_next(commands: Commands, station_id: str, at: datetime) -> None:
    """Schedule the first queued command of a station at this time."""
    queued = Query({"stationId": station_id, "status": "queued"}, "createdAt", page_size=1)
    if found := (await commands.commands.find(queued)).items:
        first = found[0]
        await commands.commands.update(first.id, lambda known: (known or first).scheduled(at))
        commands.alarm.set(at)


async def cancel(commands: Commands, id: str) -> Command:
    """Expire a queued command. Raises ``UnknownCommand`` and ``NotWaiting``."""

    def cancelled(command: Command | None) -> Command:
        if command is None:
            raise UnknownCommand
        if command.status != "queued":
            reason = f"the command does not wait any more: it is {command.status}"
            raise NotWaiting(reason, commandStatus=command.status)
        return command.expire()

    command = await commands.commands.update(id, cancelled)
    await announce_end(commands, command)
    return command


async def cancel_batch(commands: Commands, batch: Batch) -> Batch:
    """Expire its queued commands; a process that still prepares it expires its own. Raises ``NotWaiting``."""
    now = commands.clock()
    if batch.status == "running" and not await commands.commands.count(_waiting(batch.id)):
        raise NotWaiting("nothing of the command to many waits any more")
    batch = await commands.batches.update(batch.id, lambda known: (known or batch).cancelled(now))
    await expire_batch(commands, batch.id)
    return batch


async def expire_batch(commands: Commands, batch_id: str) -> None:
    waiting = every(commands.commands, Query(_waiting(batch_id), "stationId"))
    await each(waiting, partial(expire, commands), PARALLEL)


async def is_cancelled(commands: Commands, command: Command) -> bool:
    """Whether the command to many that it belongs to is cancelled."""
    batch = await commands.batches.get(command.batch_id) if command.batch_id else None
    return batch is not None and batch.cancelled_at is not None


async def expire(commands: Commands, found: Command) -> None:
    """End a queued command, unless it has been sent meanwhile."""
    command = await commands.commands.update(found.id, partial(_expired, found))
    if command.status == "expired":
        await announce_end(commands, command)


async def expire_all(commands: Commands, station_id: str) -> None:
    """Expire what waits for a deleted station: a new station with its id must not get it."""
    waiting = Query({"stationId": station_id, "status": "queued"}, "createdAt")
    async for found in every(commands.commands, waiting):
        command = await commands.commands.update(found.id, partial(_expired, found))
        if command.status == "expired":
            await announce(commands, command)


def _expired(found: Command, known: Command | None) -> Command:
    return (known or found).expire()


def _waiting(batch_id: str) -> dict[str, str]:
    return {"batchId": batch_id, "status": "queued"}
