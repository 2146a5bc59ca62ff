"""The end of a command: who waits for it is told, and the next one that waits for its station becomes due."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import orjson

from libs.csms.clock import rfc3339
from libs.csms.storage.queries import every
from libs.csms.storage.store import Query
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import COMMAND_ENDED, CommandEnded
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

from ..service import Device
from .command import DEADLINE, Command

DUE = "due"
"""What the news says when a waiting command may be delivered; of one that has ended it says the id."""


async def ended(device: Device, command: Command) -> None:
    """Tell who waits for it, and make the next one due if it had to wait for its station."""
    await _tell(device, command)
    if command.waits:
        await make_due(device, command.station_id, device.clock())
        device.news.tell(DUE)


async def _tell(device: Device, command: Command) -> None:
    await device.bus.publish(COMMAND_ENDED.name, _end_of(command, rfc3339(device.clock())))
    device.news.tell(command.id)


async def tell_again(device: Device) -> None:
    """Of the answers to the latest commands. A process that died may have kept one and told nobody, or not
    everybody: what was on the embedded bus died with it, and no station says it twice.
    """
    newest = await device.commands.find(Query({"status": "answered"}, "sentAt", True, page_size=1))
    for sent_at in (one.sent_at for one in newest.items if one.sent_at is not None):
        latest = Query({"status": "answered"}, "sentAt", from_=rfc3339(sent_at - DEADLINE))
        async for command in every(device.commands, latest):
            at = command.answered_at or sent_at
            await device.bus.publish(COMMAND_ENDED.name, _end_of(command, rfc3339(at)))


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
