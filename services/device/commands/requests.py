"""A client asks for a command. Raises ``Problem`` where the station cannot, or must not, get it."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from libs.csms.http import Problem
from libs.csms.profile_check import ProfileCommand, concerns_profiles
from libs.ocpp_messages.action import Action
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import CallError
from libs.ocpp_messages.version import Version

from .. import operations
from ..connection import Connection
from ..model import Station
from ..service import Device
from .command import Command
from .delivery import DUE, make_due, publish
from .masking import masked_json
from .security_settings import propose
from .station_limits import refuse_too_much

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


@dataclass(frozen=True)
class Wish:
    """``ttl`` is how many seconds the command may wait for its station, None if it may not.

    ``asked`` is what the client said, where that is not the payload itself.
    """

    station_id: str
    action: str
    body: bytes
    key: str | None = None
    ttl: int | None = None
    asked: bytes | None = None


async def request(device: Device, wish: Wish) -> Command:
    """The command, on its way to the station; or the one that the same key has got already."""
    station = await operations.existing(device, wish.station_id)
    connection = await device.connections.get(wish.station_id) or Connection(station_id=wish.station_id)
    action = action_of(wish.action, connection)
    payload = payload_of(wish.body)
    command = journaled(device, action, wish, payload)
    if wish.key and (known := await device.commands.get(command.id)):
        return _same(known, command)
    refuse_untimely(station, action)
    must_wait = await _must_wait(device, connection, wish)
    await refuse_too_much(device, station.id, action.name, payload, len(wish.body))
    await refuse_profile(device, command, payload)
    if must_wait:
        return await _queue(device, command, payload, wish)
    command = command.sent(connection.connection_id, command.created_at)
    return await _send(device, command, payload, connection)


def action_of(name: str, connection: Connection) -> Action[Any, Any]:
    """Of the version that the station speaks. Raises 404."""
    if connection.ocpp_version is None:
        if any(name in actions and actions[name].to_station for actions in ACTIONS.values()):
            raise Problem(409, "the charging station has never been connected")
        raise Problem(404, "no version of OCPP has such a command")
    version = Version(connection.ocpp_version)
    action = ACTIONS[version].get(name)
    if action is None:
        raise Problem(404, f"{version} has no such action")
    if not action.to_station:
        raise Problem(404, f"{name} is sent by stations, not to them")
    return action


def payload_of(body: bytes) -> Any:
    """Nothing at all is an empty payload. Raises 422."""
    try:
        return orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise Problem(422, f"body: is not JSON in UTF-8: {error}") from error


def journaled(device: Device, action: Action[Any, Any], wish: Wish, payload: Any) -> Command:
    """The command as it is journaled. Raises 422 with the place and reason."""
    try:
        shown = masked_json(payload)
        action.request_validator.check(payload)
    except CallError as violation:
        raise Problem(422, violation.description, code=violation.code.value) from violation
    return Command(
        id=command_id(wish),
        station_id=wish.station_id,
        action=action.name,
        ocpp_version=action.version.value,
        payload=shown,
        status="queued",
        created_at=device.clock(),
        fingerprint=_fingerprint(wish, payload),
    )


def command_id(wish: Wish) -> str:
    """At most 36 characters, as OCPP wants it of a message id. The same key gives the same id."""
    if wish.key is None:
        return uuid.uuid4().hex
    return hashlib.sha256(orjson.dumps([wish.station_id, wish.key])).hexdigest()[:32]


def number_of(wish: Wish) -> int:
    """Positive, of 31 bits; the same for the same key, and unlike those of other keys."""
    return int(command_id(wish)[:8], 16) & 0x7FFFFFFF or 1


def _fingerprint(wish: Wish, payload: Any) -> str:
    """Tells nothing of the payload to those who do not know the key, which is not kept."""
    if wish.key is None:
        return ""
    said = payload if wish.asked is None else orjson.loads(wish.asked)
    content = orjson.dumps([wish.action, said], option=orjson.OPT_SORT_KEYS)
    return hmac.digest(wish.key.encode(), content, "sha256").hex()


def _same(known: Command, command: Command) -> Command:
    if known.fingerprint != command.fingerprint:
        raise Problem(422, "the Idempotency-Key was used for another command", commandId=known.id)
    return known


def refuse_untimely(station: Station, action: Action[Any, Any]) -> None:
    if station.registration_status == "Rejected":
        raise Problem(409, "the charging station is rejected, and is sent nothing")
    if action.name in BEFORE_ACCEPTANCE_NOT and not station.may_operate:
        raise Problem(409, "the charging station's BootNotification has not been accepted")


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
            raise Problem(409, "the charging station is not connected")
        return False
    if wish.action in TOO_LATE:
        raise Problem(422, f"query.deliver: {wish.action} is for now, and not for later")
    queued = await device.commands.count({"stationId": wish.station_id, "status": "queued"})
    if queued >= MAX_QUEUED:
        raise Problem(429, f"{queued} commands wait for the charging station already", {"Retry-After": "60"})
    return queued > 0 or not connection.connected


async def _queue(device: Device, command: Command, payload: Any, wish: Wish) -> Command:
    """A connection that has just begun may not have seen it: so it is made due here where there is one."""
    if orjson.loads(command.payload) != payload:
        raise Problem(422, "query.deliver: the payload holds a secret, which is not kept until later")
    expires_at = command.created_at + timedelta(seconds=wish.ttl or 0)
    waiting = command.model_copy(update={"waits": True, "expires_at": expires_at})
    command = _same(await device.commands.update(command.id, lambda known: known or waiting), command)
    connection = await device.connections.get(command.station_id)
    if connection is not None and connection.connected:
        await make_due(device, command.station_id, device.clock())
        device.news.tell(DUE)
    return command


async def _send(device: Device, command: Command, payload: Any, connection: Connection) -> Command:
    """Only the one that journals it sends it."""
    is_ours = False

    def noted(known: Command | None) -> Command:
        nonlocal is_ours
        is_ours = known is None
        return command if known is None else known

    known = await device.commands.update(command.id, noted)
    if is_ours:
        await propose(device, command, payload)
        await publish(device, command, orjson.dumps(payload), connection)
    return _same(known, command)
