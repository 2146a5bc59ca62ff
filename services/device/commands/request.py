"""A client asks for a command: what may be sent, now or later, and what is refused."""

from __future__ import annotations

import hmac
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from libs.csms.clients.stations import command_id
from libs.csms.errors import Conflict, Invalid, NotFound, TooLarge, TooMany
from libs.csms.secrets import masked_json
from libs.csms.storage.queries import update_from
from libs.ocpp_messages.action import Action
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import CallError
from libs.ocpp_messages.version import Version

from ..connectivity.model import Connection
from ..registry.model import Station
from .delivery import publish, schedule_next
from .limits import refuse_too_much
from .model import Command
from .security_settings import propose_secret
from .service import Commands, NotConnected

MAX_PAYLOAD = 256 * 1024
"""Bytes."""

MAX_QUEUED = 100
"""Commands that wait for one station to come back."""

FOR_NOW_ONLY = {
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

ONLY_AFTER_ACCEPTANCE = {
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "RequestStartTransaction",
    "RequestStopTransaction",
}
"""B02.FR.05: these are not for a station whose BootNotification has not been accepted."""


class PayloadTooLarge(TooLarge):
    """A payload is longer than any command's."""

    def __init__(self) -> None:
        super().__init__(f"a payload has at most {MAX_PAYLOAD} bytes")


class NotACommand(NotFound):
    """OCPP has no such command for charging stations, or the station's version has none."""


class NeverConnected(Conflict):
    """It is not known which version of OCPP the station speaks."""

    def __init__(self) -> None:
        super().__init__("the charging station has never connected: its version of OCPP is unknown")


@dataclass(frozen=True)
class CommandRequest:
    station_id: str
    action: str
    body: bytes
    """The payload as JSON."""
    key: str | None = None
    """The client's idempotency key."""
    ttl: int | None = None
    """Seconds that the command may wait for its station; None if it may not."""
    operation: bytes | None = None
    """JSON of what the client asked for, where that is not the payload itself."""
    in_turn: bool = False
    """Of one of many to the same station: it waits until those before it have ended, and is sent over the
    connection of now or never.
    """

    @property
    def command_id(self) -> str:
        """The same key gives the same id; without one, every call gives another."""
        if self.key is None:
            return uuid.uuid4().hex
        return command_id(self.station_id, self.key)

    @property
    def number(self) -> int:
        """Positive, of 31 bits; the same for the same key, and unlike those of other keys."""
        return int(self.command_id[:8], 16) & 0x7FFFFFFF or 1

    def fingerprint(self, payload: Any) -> str:
        """Says nothing of the payload to those who do not know the key, which is not kept."""
        if self.key is None:
            return ""
        asked = payload if self.operation is None else orjson.loads(self.operation)
        content = orjson.dumps([self.action, asked], option=orjson.OPT_SORT_KEYS)
        return hmac.digest(self.key.encode(), content, "sha256").hex()


async def request(commands: Commands, asked: CommandRequest) -> Command:
    """The command, on its way to the station; or the one that the same key has got already.

    Raises ``DomainError`` where the station cannot, or must not, get it.
    """
    station = await commands.registry.existing(asked.station_id)
    if len(asked.body) > MAX_PAYLOAD:
        raise PayloadTooLarge
    connection = await commands.connectivity.connection(asked.station_id)
    action = action_of(asked.action, connection)
    payload = payload_of(asked.body)
    command = new_command(asked, action, payload, commands.clock()).changed(reply_to=commands.process_id)
    if asked.key and (known := await commands.commands.get(command.id)):
        return _same(known, command)
    refuse_untimely(station, action)
    must_wait = await _must_wait(commands, connection, asked)
    await refuse_too_much(commands, station.id, action.name, payload, len(asked.body))
    for check in commands.checks:
        await check(station.id, command.id, action, payload)
    if must_wait:
        bound_to = connection.connection_id if asked.in_turn else ""
        return await _queue(commands, command.changed(connection_id=bound_to), payload, asked)
    command = command.sent(connection.connection_id, command.created_at)
    return await _send(commands, command, payload, connection)


def action_of(name: str, connection: Connection) -> Action[Any, Any]:
    """Of the version that the station speaks. Raises ``NotACommand`` and ``NeverConnected``."""
    if connection.ocpp_version is None:
        if any(name in actions and actions[name].to_station for actions in ACTIONS.values()):
            raise NeverConnected
        raise NotACommand("no version of OCPP has such a command")
    version = Version(connection.ocpp_version)
    action = ACTIONS[version].get(name)
    if action is None:
        raise NotACommand(f"{version} has no such action")
    if not action.to_station:
        raise NotACommand(f"{name} is sent by stations, not to them")
    return action


def payload_of(body: bytes) -> Any:
    """Nothing at all is an empty payload. Raises ``Invalid``."""
    try:
        return orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise Invalid(f"body: is not JSON in UTF-8: {error}") from error


def new_command(asked: CommandRequest, action: Action[Any, Any], payload: Any, at: datetime) -> Command:
    """The command as it is kept. Raises ``Invalid`` with the place and reason."""
    try:
        shown = masked_json(payload)
        action.request_validator.check(payload)
    except CallError as violation:
        raise Invalid(violation.description, code=violation.code.value) from violation
    return Command(
        id=asked.command_id,
        station_id=asked.station_id,
        action=action.name,
        ocpp_version=action.version.value,
        payload=shown,
        status="queued",
        created_at=at,
        fingerprint=asked.fingerprint(payload),
    )


def refuse_untimely(station: Station, action: Action[Any, Any]) -> None:
    if station.registration_status == "Rejected":
        raise Conflict("the charging station is rejected, and is sent nothing")
    if action.name in ONLY_AFTER_ACCEPTANCE and not station.may_operate:
        raise Conflict("the charging station's BootNotification has not been accepted")


def _same(known: Command, command: Command) -> Command:
    if known.fingerprint != command.fingerprint:
        raise Invalid("the Idempotency-Key was used for another command", commandId=known.id)
    return known


async def _must_wait(commands: Commands, connection: Connection, asked: CommandRequest) -> bool:
    """For the station, or behind what waits for it. Raises ``DomainError`` if the command may not."""
    if asked.ttl is None:
        if not connection.connected:
            raise NotConnected
        return False
    if asked.action in FOR_NOW_ONLY:
        raise Invalid(f"query.deliver: {asked.action} is for now, and not for later")
    queued = await commands.commands.count({"stationId": asked.station_id, "status": "queued"})
    if queued >= MAX_QUEUED:
        raise TooMany(f"{queued} commands wait for the charging station already", retry_after=60)
    return asked.in_turn or queued > 0 or not connection.connected


async def _queue(commands: Commands, command: Command, payload: Any, asked: CommandRequest) -> Command:
    """A connection that has just begun may not have seen it: so it is scheduled here where there is one."""
    if orjson.loads(command.payload) != payload:
        raise Invalid("query.deliver: the payload holds a secret, which is not kept until later")
    expires_at = command.created_at + timedelta(seconds=asked.ttl or 0)
    waiting = command.changed(waits=True, expires_at=expires_at)
    command = _same(await commands.commands.update(command.id, lambda known: known or waiting), command)
    commands.alarm.set(expires_at)
    if (await commands.connectivity.connection(command.station_id)).connected:
        await schedule_next(commands, command.station_id, commands.clock())
    return command


async def _send(commands: Commands, command: Command, payload: Any, connection: Connection) -> Command:
    """Only the one that creates it sends it."""
    before, known = await update_from(commands.commands, command.id, lambda known: known or command)
    if before is None:
        await propose_secret(commands.security, command, payload)
        await publish(commands, command, orjson.dumps(payload), connection)
    return _same(known, command)
