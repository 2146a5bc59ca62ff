"""What a caller may see of the feed: which types, of which stations, and with which texts of tokens."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import orjson

from libs.csms.access.callers import Caller
from libs.csms.access.groups import StationGroups, UnknownStation
from libs.csms.access.masking import masked
from libs.csms.access.scopes import Scope
from libs.csms.secrets import masked_frame

from .feed import TOPICS, FeedMessage

_SCOPES = {
    Scope.TRANSACTIONS_READ: "TransactionStarted TransactionResumed TransactionEnded TransactionIncomplete",
    Scope.COMMANDS_READ: "CommandSent CommandEnded",
    Scope.MESSAGES_READ: "MessageRefused StationFrame",
    Scope.PROFILES_READ: "StationDeviated",
    Scope.DEADLETTERS_READ: "DeadLetter",
}
_BY_TYPE = {type: scope for scope, types in _SCOPES.items() for type in types.split()}

SCOPES: dict[str, Scope] = {type: _BY_TYPE.get(type, Scope.STATIONS_READ) for type in TOPICS}
"""What each type of message needs."""

_TEXTS = frozenset({"text", "data", "payload"})
"""Fields in which a frame or a payload stands as text."""


def types_for(caller: Caller, asked: Collection[str]) -> frozenset[str]:
    """Those that he has asked for; if none, all that he may see. Raises ``MissingScope``."""
    if not asked:
        return frozenset(type for type, scope in SCOPES.items() if scope in caller.scopes)
    for type in asked:
        caller.check(SCOPES[type])
    return frozenset(asked)


class ShownStations:
    """Of which a caller sees messages: all, or those of one group, or of the groups that he is bound to."""

    def __init__(self, caller: Caller, group: str | None, stations: StationGroups) -> None:
        self._caller = caller
        self._group = group
        self._stations = stations

    async def include(self, station_id: str) -> bool:
        """A message of no station, or of one that nobody knows, is for who sees all. Raises what the service
        that knows the groups raises.
        """
        if self._caller.groups is None and self._group is None:
            return True
        if not station_id:
            return False
        try:
            group = await self._stations.group_of(station_id)
        except UnknownStation:
            return False
        return self._caller.sees_group(group) and self._group in (None, group)


def data_for(caller: Caller, message: FeedMessage) -> Any:
    """The data of a message, with the ends of tokens only where he may see no more."""
    return message.data if caller.sees_tokens else _with_masked_texts(masked(message.data))


def _with_masked_texts(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    return {
        name: _masked_text(value) if name in _TEXTS and isinstance(value, str) else value
        for name, value in data.items()
    }


def _masked_text(text: str) -> str:
    """Of text that cannot be read, everything is hidden that may be a token."""
    try:
        return orjson.dumps(masked(orjson.loads(text))).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return masked_frame(text)
