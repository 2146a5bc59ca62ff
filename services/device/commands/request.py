"""Requests for commands: decides whether a command is published now, queued or refused."""

from __future__ import annotations

import hmac
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from libs.csms.access.callers import MissingScope
from libs.csms.access.scopes import Scope
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
from .model import Command, Requester
from .security_settings import propose_secret
from .service import Commands, NotConnected

MAX_PAYLOAD = 256 * 1024
"""Bytes of JSON."""

MAX_QUEUED = 100
"""Commands that may wait for one station."""

SEND_LIMIT = timedelta(seconds=30)
"""How long a command may take to be sent that no client waits for."""

NEVER_QUEUED = {
    "RemoteStartTransaction",
    "RequestStartTransaction",
    "RequestBatterySwap",
    "ReserveNow",
    "UnlockConnector",
    "AFRRSignal",
    "UpdateDynamicSchedule",
    "UsePriorityCharging",
}
"""Commands that may not wait: they act on energy, a connector or a reservation at the time of the request."""

ONLY_AFTER_ACCEPTANCE = {
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "RequestStartTransaction",
    "RequestStopTransaction",
}
"""B02.FR.05: these are not for a station whose BootNotification has not been accepted."""


class PayloadTooLarge(TooLarge):
    """The payload is longer than ``MAX_PAYLOAD``."""

    def __init__(self) -> None:
        super().__init__(f"a payload has at most {MAX_PAYLOAD} bytes")


class NotACommand(NotFound):
    """OCPP, or the station's version of it, has no such command to charging stations."""


class NeverConnected(Conflict):
    """The station has never connected, so its version of OCPP is unknown."""

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
    """JSON of the client's request, where that is not the payload itself: the operation and its body."""
    wait: float = 0
    """Seconds that the client waits for the answer: the command is not sent after that."""
    in_turn: bool = False
    """One of several to the same station: it waits until those before it have ended."""
    with_secrets: bool = True
    """Whether the payload may hold secrets."""
    requested_by: Requester = field(kw_only=True)
    bound: bool = False
    """It is sent over the present connection only. So is what is sent in turn."""

    @property
    def command_id(self) -> str:
        """The same for the same key. Without a key, every call returns a new one."""
        if self.key is None:
            return uuid.uuid4().hex
        return command_id(self.station_id, self.key)

    @property
    def number(self) -> int:
        """Positive, of 31 bits; the same for the same key, and different for other keys."""
        return int(self.command_id[:8], 16) & 0x7FFFFFFF or 1

    def fingerprint(self, payload: Any) -> str:
        """HMAC of the request with the key, which is not stored. A key may be guessed, so the pepper is added
        before the command is stored: the fingerprint does not reveal the payload.
        """
        if self.key is None:
            return ""
        content = payload if self.operation is None else orjson.loads(self.operation)
        text = orjson.dumps([self.action, content], option=orjson.OPT_SORT_KEYS)
        return hmac.digest(self.key.encode(), text, "sha256").hex()


async def request(commands: Commands, command_request: CommandRequest) -> Command:
    """The new command, published or waiting; or the one that was made for the same key before.

    Raises ``DomainError`` if it cannot or must not be sent to the station.
    """
    station = await commands.registry.existing(command_request.station_id)
    if len(command_request.body) > MAX_PAYLOAD:
        raise PayloadTooLarge
    connection = await commands.connectivity.connection(command_request.station_id)
    action = action_of(command_request.action, connection)
    payload = payload_of(command_request.body)
    command = new_command(command_request, action, payload, commands.clock())
    fingerprint = commands.security.pepper.digest("command", command.fingerprint.encode())
    command = command.changed(reply_to=commands.process_id, fingerprint=fingerprint)
    if command_request.key and (known := await commands.commands.get(command.id)):
        return _same(known, command)
    refuse_untimely(station, action)
    must_wait = await _must_wait(commands, connection, command_request)
    if must_wait and not command.waits:
        raise Invalid("query.deliver: the payload holds a secret, which is not kept until later")
    await refuse_too_much(commands, station.id, action.name, payload, len(command_request.body))
    for check in commands.checks:
        await check(station.id, command.id, action, payload)
    if command_request.in_turn or command_request.bound:
        command = command.changed(bound_to=connection.connection_id)
    if must_wait:
        return await _queue(commands, command, payload)
    command = command.published(connection.connection_id, command.created_at)
    return await _publish(commands, command, payload, connection)


def action_of(name: str, connection: Connection) -> Action[Any, Any]:
    """The action in the version that the station speaks. Raises ``NotACommand`` and ``NeverConnected``."""
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
    """The parsed payload; an empty body is an empty payload. Raises ``Invalid``."""
    try:
        return orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise Invalid(f"body: is not JSON in UTF-8: {error}") from error


def new_command(
    command_request: CommandRequest, action: Action[Any, Any], payload: Any, at: datetime
) -> Command:
    """The command as it is stored, secrets hidden. Raises ``Invalid`` with the field and the reason, and
    ``MissingScope``.
    """
    try:
        masked_payload = masked_json(payload)
        holds_secret = orjson.loads(masked_payload) != payload
        if holds_secret and not command_request.with_secrets:
            raise MissingScope(Scope.CREDENTIALS_WRITE)
        waits = command_request.ttl is not None and not holds_secret
        action.request_validator.check(payload)
    except CallError as violation:
        raise Invalid(violation.description, code=violation.code.value) from violation
    return Command(
        id=command_request.command_id,
        station_id=command_request.station_id,
        action=action.name,
        ocpp_version=action.version.value,
        payload=masked_payload,
        status="queued",
        created_at=at,
        waits=waits,
        expires_at=at + _time_to_send(command_request, waits),
        fingerprint=command_request.fingerprint(payload),
        requested_by=command_request.requested_by,
    )


def _time_to_send(command_request: CommandRequest, waits: bool) -> timedelta:
    """Nothing is sent after its client was told that there is no answer, or long after he has gone."""
    if waits and command_request.ttl is not None:
        return timedelta(seconds=command_request.ttl)
    return timedelta(seconds=command_request.wait) if command_request.wait else SEND_LIMIT


def refuse_untimely(station: Station, action: Action[Any, Any]) -> None:
    if station.registration_status == "Rejected":
        raise Conflict("the charging station is rejected, and is sent nothing")
    if action.name in ONLY_AFTER_ACCEPTANCE and not station.may_operate:
        raise Conflict("the charging station's BootNotification has not been accepted")


def _same(known: Command, command: Command) -> Command:
    if known.fingerprint != command.fingerprint:
        raise Invalid("the Idempotency-Key was used for another command", commandId=known.id)
    return known


async def _must_wait(commands: Commands, connection: Connection, command_request: CommandRequest) -> bool:
    """Whether it waits for the station or for earlier commands. Raises ``DomainError`` if it may not wait."""
    if command_request.ttl is None:
        if not connection.connected:
            raise NotConnected
        return False
    if command_request.action in NEVER_QUEUED:
        raise Invalid(f"query.deliver: {command_request.action} is for now, and not for later")
    waiting = await commands.commands.count({"stationId": command_request.station_id, "stage": "waiting"})
    if waiting >= MAX_QUEUED:
        raise TooMany(f"{waiting} commands wait for the charging station already", retry_after=60)
    return command_request.in_turn or waiting > 0 or not connection.connected


async def _queue(commands: Commands, command: Command, payload: Any) -> Command:
    """Store it as waiting. If the station is connected by now, schedule it here: StationConnected may have
    been handled before the command was stored.
    """
    command = _same(await commands.commands.update(command.id, lambda known: known or command), command)
    if command.expires_at is not None:
        commands.alarm.set(command.expires_at)
    if (await commands.connectivity.connection(command.station_id)).connected:
        await schedule_next(commands, command.station_id, commands.clock())
    return command


async def _publish(commands: Commands, command: Command, payload: Any, connection: Connection) -> Command:
    """Store and publish it. Of several calls with the same id, only the one that stores it publishes it."""
    before, known = await update_from(commands.commands, command.id, lambda known: known or command)
    if before is None:
        await propose_secret(commands.security, command, payload)
        await publish(commands, command, orjson.dumps(payload), connection)
    return _same(known, command)
