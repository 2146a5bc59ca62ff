"""Commands on their way: journaled, then onto the bus, waited for, and settled by the station's answer.

Every step is a change of the journal, so that any replica can do the next one. A command is published by the
one that made it ``sent``, and only then: it never runs twice, and one whose process died ends ``timeout``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

import orjson

from libs.csms.bus import UnknownTopic
from libs.csms.clock import parse_time, rfc3339
from libs.csms.store import Query
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.event import COMMAND_ENDED, CommandEnded
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

from ..connection import Connection
from ..news import heard
from ..pages import every
from ..service import Device
from .command import Command, CommandError
from .masking import masked_json, masked_text
from .security_settings import conclude

log = logging.getLogger(__name__)

DUE = "due"
"""What the news says when a waiting command may be delivered; of one that has ended it says the id."""

MAX_RESPONSE = 700_000
"""Characters that are kept; a document of Firestore holds a mebibyte."""


async def publish(device: Device, command: Command, payload: bytes, connection: Connection) -> None:
    """Hand a command that has just been made ``sent`` to the gateway of that connection."""
    message = Message(
        data=payload,
        message_id=command.id,
        station_id=command.station_id,
        action=command.action,
        kind=Kind.CALL,
        sent_at=rfc3339(device.clock()),
        origin=Direction.TO_STATION,
        ocpp_version=Version(command.ocpp_version),
        gateway_id=connection.gateway_id,
        connection_id=connection.connection_id,
        reply_to=f"{command.action}Response",
    )
    try:
        await device.bus.publish(connection.inbox or f"{command.action}Request", message)
    except UnknownTopic:
        await settle(device, message.error(NO_GATEWAY, rfc3339(device.clock())))


NO_GATEWAY = CallError(
    ErrorCode.INTERNAL_ERROR, "the gateway of the station has ended", {"gateway": "notConnected"}
)


async def settle(device: Device, answer: Message) -> None:
    """Note what became of a command. Changes nothing if that is known already, also if no answer came."""
    command = await device.commands.get(answer.message_id)
    if command is None or command.station_id != answer.station_id:
        log.warning("%s %s: an answer to no command", answer.action, answer.message_id)
        return
    found, change = command, _change(answer)
    await conclude(device, change(found))
    await ended(device, await device.commands.update(found.id, lambda now: change(now or found)))


def _change(answer: Message) -> Callable[[Command], Command]:
    at = parse_time(answer.sent_at)
    if answer.kind is Kind.ERROR:
        error = _error(answer)
        return lambda command: command.refused(error, at)
    response = _kept(answer)
    return lambda command: command.answered(response, at)


async def ended(device: Device, command: Command) -> None:
    """Tell who waits for it, and make the next one due if it had to wait for its station."""
    await _tell(device, command)
    if command.waits:
        await make_due(device, command.station_id, device.clock())
        device.news.tell(DUE)


async def _tell(device: Device, command: Command) -> None:
    await device.bus.publish(COMMAND_ENDED.name, _end_of(command, rfc3339(device.clock())))
    device.news.tell(command.id)


def _end_of(command: Command, now: str) -> Message:
    """At least once for each command, and the same each time."""
    told = CommandEnded(
        id=command.id,
        action=command.action,
        status=command.status,
        payload=orjson.loads(command.payload),
        response=None if command.response is None else orjson.loads(command.response),
        answered_at="" if command.answered_at is None else rfc3339(command.answered_at),
    )
    return Message(
        data=encode(told),
        message_id=command.id,
        station_id=command.station_id,
        action=COMMAND_ENDED.name,
        kind=Kind.EVENT,
        origin=Direction.FROM_STATION,
        ocpp_version=Version(command.ocpp_version) if command.ocpp_version else None,
        sent_at=now,
    )


async def make_due(device: Device, station_id: str, at: datetime) -> None:
    """Deliver the first waiting command then, or when the one delivered before it has ended."""
    queued = Query({"stationId": station_id, "status": "queued"}, "createdAt", page_size=1)
    if found := (await device.commands.find(queued)).items:
        first = found[0]
        await device.commands.update(first.id, lambda now: (now or first).due(at))


async def withdraw(device: Device, found: Command) -> None:
    """Unless it has been sent meanwhile."""
    command = await device.commands.update(found.id, partial(_withdrawn, found))
    if command.status == "expired":
        await ended(device, command)


async def withdraw_all(device: Device, station_id: str) -> None:
    """Whoever gets the id of a deleted station is not sent what waited for that one."""
    async for waiting in every(device.commands, Query({"stationId": station_id, "status": "queued"})):
        command = await device.commands.update(waiting.id, partial(_withdrawn, waiting))
        if command.status == "expired":
            await _tell(device, command)


def _withdrawn(found: Command, now: Command | None) -> Command:
    return (now or found).withdrawn()


async def outcome(
    device: Device,
    command: Command,
    seconds: float,
    is_enough: Callable[[Command], bool] = lambda command: command.is_final,
) -> Command:
    """The command when it has ended, or as it is after so many seconds. Any replica may get the answer."""
    pause, loop = 0.05, asyncio.get_running_loop()
    until = loop.time() + seconds
    with device.news.listening(command.id) as news:
        while True:
            news.clear()
            command = await device.commands.get(command.id) or command
            if is_enough(command) or loop.time() >= until:
                return command
            await heard(news, min(pause, until - loop.time()))
            pause = min(pause * 2, 1.0)


def _error(answer: Message) -> CommandError:
    try:
        details = masked_json(orjson.loads(answer.data))
    except CallError:
        details = "{}"
    description = masked_text(answer.error_description)
    return CommandError(code=answer.error_code, description=description, details=details)


def _kept(answer: Message) -> str:
    """The response as the journal keeps it: one that no document could hold or reader show is withheld."""
    try:
        response = masked_json(orjson.loads(answer.data))
    except CallError as error:
        return orjson.dumps({"withheld": error.description}).decode()
    if len(response.encode()) > MAX_RESPONSE:
        return orjson.dumps({"withheld": f"longer than {MAX_RESPONSE} bytes"}).decode()
    return response
