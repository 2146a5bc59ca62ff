"""A client asks for a command. Raises ``DomainError`` where the station cannot, or must not, get it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from libs.csms.clients.profile_check import ProfileCommand, concerns_profiles
from libs.csms.errors import Conflict, Invalid, TooLarge, TooMany
from libs.csms.storage.queries import update_from
from libs.ocpp_messages.action import Action
from libs.ocpp_messages.version import Version

from .. import operations
from ..connection import Connection
from ..model import Station
from ..service import Device
from .command import Command
from .delivery import publish
from .ending import DUE, make_due
from .security_settings import propose
from .station_limits import refuse_too_much
from .wish import Wish, action_of, journaled, payload_of, same

MAX_PAYLOAD = 256 * 1024
"""Bytes."""
MAX_QUEUED = 100
"""Commands that wait for one station to come back."""

TOO_LATE = {
    "RemoteStartTransaction",
    "RequestStartTransaction",
    "RequestBatterySwap",
    "ReserveNow",
    "UnlockConnector",
    "AFRRSignal",
    "UpdateDynamicSchedule",
    "UsePriorityCharging",
}
"""These move energy or metal, or hold a place, at the time they are asked for and at no other."""

BEFORE_ACCEPTANCE_NOT = {
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "RequestStartTransaction",
    "RequestStopTransaction",
}
"""B02.FR.05: these are not for a station whose BootNotification has not been accepted."""


async def request(device: Device, wish: Wish) -> Command:
    """The command, on its way to the station; or the one that the same key has got already."""
    station = await operations.existing(device, wish.station_id)
    if len(wish.body) > MAX_PAYLOAD:
        raise TooLarge(f"a payload has at most {MAX_PAYLOAD} bytes")
    connection = await device.connections.get(wish.station_id) or Connection(station_id=wish.station_id)
    action = action_of(wish.action, connection)
    payload = payload_of(wish.body)
    command = journaled(wish, action, payload, device.clock())
    if wish.key and (known := await device.commands.get(command.id)):
        return same(known, command)
    refuse_untimely(station, action)
    must_wait = await _must_wait(device, connection, wish)
    await refuse_too_much(device, station.id, action.name, payload, len(wish.body))
    await refuse_profile(device, command, payload)
    if must_wait:
        bound_to = connection.connection_id if wish.in_turn else ""
        command = command.changed(connection_id=bound_to)
        return await _queue(device, command, payload, wish)
    command = command.sent(connection.connection_id, command.created_at)
    return await _send(device, command, payload, connection)


def refuse_untimely(station: Station, action: Action[Any, Any]) -> None:
    if station.registration_status == "Rejected":
        raise Conflict("the charging station is rejected, and is sent nothing")
    if action.name in BEFORE_ACCEPTANCE_NOT and not station.may_operate:
        raise Conflict("the charging station's BootNotification has not been accepted")


async def refuse_profile(device: Device, command: Command, payload: Any) -> None:
    """Raises what the transaction service has against a charging profile in it."""
    if concerns_profiles(command.action, payload):
        asked = ProfileCommand(
            command_id=command.id,
            action=command.action,
            ocpp_version=Version(command.ocpp_version),
            payload=payload,
        )
        await device.check_profile(command.station_id, asked)


async def _must_wait(device: Device, connection: Connection, wish: Wish) -> bool:
    """For the station, or behind what waits for it. Raises 409 and 422 if the command may not."""
    if wish.ttl is None:
        if not connection.connected:
            raise Conflict("the charging station is not connected")
        return False
    if wish.action in TOO_LATE:
        raise Invalid(f"query.deliver: {wish.action} is for now, and not for later")
    queued = await device.commands.count({"stationId": wish.station_id, "status": "queued"})
    if queued >= MAX_QUEUED:
        raise TooMany(f"{queued} commands wait for the charging station already", retry_after=60)
    return wish.in_turn or queued > 0 or not connection.connected


async def _queue(device: Device, command: Command, payload: Any, wish: Wish) -> Command:
    """A connection that has just begun may not have seen it: so it is made due here where there is one."""
    if orjson.loads(command.payload) != payload:
        raise Invalid("query.deliver: the payload holds a secret, which is not kept until later")
    expires_at = command.created_at + timedelta(seconds=wish.ttl or 0)
    waiting = command.changed(waits=True, expires_at=expires_at)
    command = same(await device.commands.update(command.id, lambda known: known or waiting), command)
    connection = await device.connections.get(command.station_id)
    if connection is not None and connection.connected:
        await make_due(device, command.station_id, device.clock())
        device.news.tell(DUE)
    return command


async def _send(device: Device, command: Command, payload: Any, connection: Connection) -> Command:
    """Only the one that journals it sends it."""
    before, known = await update_from(device.commands, command.id, lambda known: known or command)
    if before is None:
        await propose(device, command, payload)
        await publish(device, command, orjson.dumps(payload), connection)
    return same(known, command)
