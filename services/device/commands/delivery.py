"""Commands on their way: onto the bus, waited for, and settled by the station's answer.

Every step is a change of the journal, so that any replica can do the next one. A command is published by the
one that made it ``sent``, and only then: it never runs twice, and one whose process died ends ``timeout``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import orjson

from libs.csms.clock import parse_time, rfc3339
from libs.csms.messaging.bus import UnknownTopic
from libs.csms.secrets import masked_json, masked_text
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

from ..connection import Connection
from ..news import heard
from ..service import Device
from .command import Command, CommandError
from .ending import ended
from .security_settings import conclude

log = logging.getLogger(__name__)

MAX_RESPONSE = 700_000
"""Characters that are kept; a document of Firestore holds a mebibyte."""

NO_GATEWAY = CallError(
    ErrorCode.INTERNAL_ERROR, "the gateway of the station has ended", {"gateway": "notConnected"}
)


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
