"""What a client wishes a station to be commanded, and the command that it makes. No I/O.

Raises ``DomainError`` where OCPP has no such command, or its payload is wrong.
"""

from __future__ import annotations

import hmac
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from libs.csms.clients import stations
from libs.csms.errors import Conflict, Invalid, NotFound
from libs.ocpp_messages.action import Action
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import CallError
from libs.ocpp_messages.version import Version

from ..connection import Connection
from .command import Command
from .masking import masked_json


@dataclass(frozen=True)
class Wish:
    """``ttl`` is how many seconds the command may wait for its station, None if it may not.

    ``asked`` is what the client said, where that is not the payload itself. ``in_turn`` is for one of many to
    the same station, over the connection of now or never: it waits until those before it have ended, and
    leaves room for what is more urgent.
    """

    station_id: str
    action: str
    body: bytes
    key: str | None = None
    ttl: int | None = None
    asked: bytes | None = None
    in_turn: bool = False


def action_of(name: str, connection: Connection) -> Action[Any, Any]:
    """Of the version that the station speaks. Raises 404."""
    if connection.ocpp_version is None:
        if any(name in actions and actions[name].to_station for actions in ACTIONS.values()):
            raise Conflict("the charging station has never been connected")
        raise NotFound("no version of OCPP has such a command")
    version = Version(connection.ocpp_version)
    action = ACTIONS[version].get(name)
    if action is None:
        raise NotFound(f"{version} has no such action")
    if not action.to_station:
        raise NotFound(f"{name} is sent by stations, not to them")
    return action


def payload_of(body: bytes) -> Any:
    """Nothing at all is an empty payload. Raises 422."""
    try:
        return orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise Invalid(f"body: is not JSON in UTF-8: {error}") from error


def journaled(wish: Wish, action: Action[Any, Any], payload: Any, at: datetime) -> Command:
    """The command as it is journaled. Raises 422 with the place and reason."""
    try:
        shown = masked_json(payload)
        action.request_validator.check(payload)
    except CallError as violation:
        raise Invalid(violation.description, code=violation.code.value) from violation
    return Command(
        id=command_id(wish),
        station_id=wish.station_id,
        action=action.name,
        ocpp_version=action.version.value,
        payload=shown,
        status="queued",
        created_at=at,
        fingerprint=_fingerprint(wish, payload),
    )


def command_id(wish: Wish) -> str:
    """At most 36 characters, as OCPP wants it of a message id. The same key gives the same id."""
    if wish.key is None:
        return uuid.uuid4().hex
    return stations.command_id(wish.station_id, wish.key)


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


def same(known: Command, command: Command) -> Command:
    if known.fingerprint != command.fingerprint:
        raise Invalid("the Idempotency-Key was used for another command", commandId=known.id)
    return known
