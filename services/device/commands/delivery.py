"""The delivery of commands: publishing, waiting for the end, recording the answer, cancelling and expiring.

Every step is a change of the stored command, so that any replica can do the next one. Only the process that
made a command ``published`` publishes it: so it never runs twice, and if that process dies, it is
``unknown`` what became of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import orjson

from libs.csms.clock import parse_time, rfc3339
from libs.csms.messaging.bus import Subscription, UnknownTopic
from libs.csms.messaging.temporary import consume_temporarily
from libs.csms.secrets import masked_json, masked_text
from libs.csms.storage.queries import every, update_existing
from libs.csms.storage.store import Query
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.event import COMMAND_ENDED, CommandEnded, CommandSent
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

from ..connectivity.model import Connection
from .model import ANSWER_DEADLINE, ANSWER_GRACE, NEVER_SENT, Command, CommandError
from .security_settings import apply_result
from .service import Commands

log = logging.getLogger(__name__)

MAX_RESPONSE = 700_000
"""Bytes of a response that are stored; a document of Firestore holds a mebibyte."""

POLL_INTERVAL = 1.0
"""Seconds between two looks at a command that another process is told about."""

GATEWAY_DELAY = 2.0
"""Seconds that a gateway has to say that the time of a command is over, or that it is sent."""

NO_GATEWAY = CallError(
    ErrorCode.INTERNAL_ERROR, "the gateway of the station has ended", {"gateway": "notConnected"}
)


async def publish(commands: Commands, command: Command, payload: bytes, connection: Connection) -> None:
    """Publish a command that has just been made ``published`` to the gateway of the connection."""
    assert command.send_by is not None
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
        expires_at=rfc3339(command.send_by),
        priority="low" if command.waits else "",
    )
    commands.alarm.set(now + ANSWER_GRACE)
    try:
        await commands.bus.publish(connection.inbox or f"{command.action}Request", message)
    except UnknownTopic:
        await record_answer(commands, message.error(NO_GATEWAY, rfc3339(now)))


async def record_answer(commands: Commands, answer: Message) -> None:
    """Store the answer to a command and publish its end. A final command is not changed.

    If the station has not got a command that may wait for it, the command waits again.
    """
    command = await commands.commands.get(answer.message_id)
    if command is None or command.station_id != answer.station_id:
        log.warning("station %s: dropped an answer to no command: %s", answer.station_id, answer.action)
        return
    found, change = command, _change(answer, commands.clock())
    await apply_result(commands.security, change(found))
    command = await commands.commands.update(found.id, lambda known: change(known or found))
    if command.is_final:
        await announce_end(commands, command)
    elif command.stage == "waiting":
        await _wait_again(commands, command, answer)


def _change(answer: Message, now: datetime) -> Callable[[Command], Command]:
    at = parse_time(answer.sent_at)
    sent_at = parse_time(answer.command_sent_at) if answer.command_sent_at else None
    if answer.kind is Kind.RESULT:
        response, warning = _kept_response(answer), _warning(answer)
        return lambda command: command.answered(response, sent_at, at, warning)
    error = _error(answer)
    if error.reason in NEVER_SENT:
        return lambda known: known.not_sent(error, now) if known.is_published_as(answer) else known
    return lambda command: command.refused(error, sent_at, at)


async def _wait_again(commands: Commands, command: Command, answer: Message) -> None:
    """StationConnected schedules it. If that has been handled already, it is scheduled here."""
    commands.signals.notify(command.id)
    for at in (command.due_at, command.expires_at):
        if at is not None:
            commands.alarm.set(at)
    connection = await commands.connectivity.connection(command.station_id)
    if connection.connected and connection.connection_id > answer.connection_id:
        await schedule_next(commands, command.station_id, commands.clock())


async def record_sent(commands: Commands, event: Message, sent: CommandSent) -> None:
    """Store that a command is on the wire, unless it has ended by now."""
    sent_at = parse_time(sent.sent_at)

    def change(command: Command) -> Command:
        return command.sent(event.connection_id, sent_at, sent.answer_timeout)

    if await update_existing(commands.commands, sent.id, change) is not None:
        commands.signals.notify(sent.id)


def _error(answer: Message) -> CommandError:
    try:
        details = masked_json(orjson.loads(answer.data))
    except CallError:
        details = "{}"
    description = masked_text(answer.error_description)
    return CommandError(code=answer.error_code, description=description, details=details)


def _warning(answer: Message) -> str | None:
    return f"{answer.error_code}: {masked_text(answer.error_description)}" if answer.error_code else None


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
    """The command when it has ended, or as it is after ``seconds``. At once if it waits for its station.

    Reads it once, and again each time that this process receives CommandEnded, as any replica may have stored
    the answer. Only the process of ``reply_to`` receives that: others, with the same Idempotency-Key, read it
    every second. If its time to be sent is over, its gateway is about to say what became of it: this waits
    for that too, up to ``GATEWAY_DELAY``.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    interval = seconds if command.reply_to == commands.process_id else POLL_INTERVAL
    with commands.signals.subscribe(command.id) as changed:
        while command.stage != "waiting":
            changed.clear()
            command = await commands.commands.get(command.id) or command
            now, is_due = loop.time(), command.is_due_to_end(commands.clock())
            is_over = now >= until + (GATEWAY_DELAY if is_due else 0)
            if is_over or is_enough(command) or command.stage == "waiting":
                break
            next_look = min(until, now + interval) if now < until else now + POLL_INTERVAL
            with suppress(TimeoutError):
                async with asyncio.timeout_at(next_look):
                    await changed.wait()
    return command


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
    for status in ("answered", "timeout", "unknown"):
        newest = await commands.commands.find(Query({"status": status}, "sentAt", True, page_size=1))
        for sent_at in (one.sent_at for one in newest.items if one.sent_at is not None):
            latest = Query({"status": status}, "sentAt", True, from_=rfc3339(sent_at - ANSWER_DEADLINE))
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
        warning=command.warning or "",
        answered_at="" if command.answered_at is None else rfc3339(command.answered_at),
        error_code=command.error.code if command.status == "error" and command.error else "",
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
    """Schedule the first waiting command of a station at this time."""
    waiting = Query({"stationId": station_id, "stage": "waiting"}, "createdAt", page_size=1)
    if found := (await commands.commands.find(waiting)).items:
        first = found[0]
        await commands.commands.update(first.id, lambda known: (known or first).scheduled(at))
        commands.alarm.set(at)


async def is_cancelled(commands: Commands, command: Command) -> bool:
    """Whether the command to many that it belongs to is cancelled."""
    batch = await commands.batches.get(command.batch_id) if command.batch_id else None
    return batch is not None and batch.cancelled_at is not None


async def expire(commands: Commands, found: Command) -> None:
    """End a waiting command, unless it has been published meanwhile."""
    command = await commands.commands.update(found.id, lambda known: (known or found).expire())
    if command.status == "expired":
        await announce_end(commands, command)


async def expire_all(commands: Commands, station_id: str) -> None:
    """Expire what waits for a deleted station: a new station with its id must not get it. What is published
    does not wait again.
    """
    now = commands.clock()
    for stage in ("waiting", "published"):
        async for found in every(
            commands.commands, Query({"stationId": station_id, "stage": stage}, "createdAt")
        ):
            command = await update_existing(commands.commands, found.id, lambda known: known.cancelled(now))
            if command is not None and command.status == "expired":
                await announce(commands, command)
