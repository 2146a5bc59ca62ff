"""How the station of one connection departs from OCPP: counted here, told to the bus now and then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import msgspec
import orjson

from libs.csms.secrets import masked
from libs.ocpp_messages.errors import CallError, Violation
from libs.ocpp_messages.event import Deviation, MessageRefused, StationDeviated
from libs.ocpp_messages.leniency import Place
from libs.ocpp_messages.repair import Repair, place_text

from .connection import Connection
from .context import GatewayContext
from .presence import Announcer

log = logging.getLogger(__name__)

MAX_DEVIATIONS = 100
"""Deviations of one connection that are told apart: a station has influence on their places."""

MAX_EXAMPLE = 500
"""Characters of an example."""

MAX_EXAMPLE_BYTES = 10_000
"""A longer value is no example: its secrets could not be hidden at once."""

PUBLISH_INTERVAL = 300.0
"""Seconds between two events about deviations that are known already."""

FURTHER = "furtherDeviations"
"""Stands for the rule where a station deviates in more ways than are told apart."""

Key = tuple[str, str, str, bool]
"""Rule, action, place, and whether it was repaired."""


class Deviations:
    """A new deviation is published after the call has its answer, the others in batches: a station that
    deviates in every message costs no further message on the bus each time.
    """

    __slots__ = ("_announcer", "_connection", "_counted", "_has_new", "_number", "_publish_at")

    def __init__(self, connection: Connection, context: GatewayContext) -> None:
        self._connection = connection
        self._announcer = Announcer(context)
        self._counted: dict[Key, Deviation] = {}
        self._has_new = False
        self._publish_at = 0.0
        self._number = 0
        """Of events, so that a consumer knows one that the bus delivers twice."""

    def repaired(self, action: str, payload: object, repairs: Sequence[Repair], at: str) -> None:
        """Count the repairs of a message. ``payload`` is the one that the station sent."""
        for rule, place, original in repairs:
            starred = place_text(tuple("*" if isinstance(part, int) else part for part in place))
            key = rule.value, action, starred, True
            if not self._is_known(key, at):
                self._add(key, _example(payload, place, original), at)

    def refused(self, action: str, error: CallError, at: str) -> None:
        """Count a refusal of the gateway, by the code of its CALLERROR."""
        place = error.place if isinstance(error, Violation) else ""
        starred = ".".join("*" if part.isdecimal() else part for part in place.split("."))
        code = error.code.of(self._connection.version)
        key = code, action[:50], place_text(tuple(starred.split("."))), False
        if not self._is_known(key, at):
            self._add(key, error.description, at)

    async def keep(self, refused: MessageRefused) -> bool:
        """Publish a message that is refused and carries energy or money. False if the bus did not take it."""
        self._number += 1
        return await self._announcer.announce(self._connection, refused, self._number)

    async def publish_due(self) -> None:
        """Publish what is new, and once in a while the rest. What the bus does not take is kept for later."""
        if self._has_new or (self._counted and asyncio.get_running_loop().time() >= self._publish_at):
            await self.publish()

    async def publish(self) -> None:
        """Publish what has been counted since the last time."""
        unpublished = [one for one in self._counted.values() if one.count]
        self._has_new = False
        self._publish_at = asyncio.get_running_loop().time() + PUBLISH_INTERVAL
        if not unpublished:
            return
        self._number += 1
        event = StationDeviated(deviations=unpublished)
        if await self._announcer.announce(self._connection, event, self._number):
            for one in unpublished:
                key = one.rule, one.action, one.place, one.repaired
                now = self._counted[key]
                self._counted[key] = msgspec.structs.replace(now, count=now.count - one.count)

    def _is_known(self, key: Key, at: str) -> bool:
        """Whether the deviation has been seen before. If so, it is counted."""
        known = self._counted.get(key)
        if known is not None:
            self._counted[key] = msgspec.structs.replace(known, count=known.count + 1, last_seen=at)
        return known is not None

    def _add(self, key: Key, example: str, at: str) -> None:
        rule, action, place, repaired = key
        if len(self._counted) >= MAX_DEVIATIONS:
            if self._is_known(further := (FURTHER, "", "", False), at):
                return
            key, (rule, action, place, repaired), example = further, further, ""
        log.info(
            "station %s: deviates from OCPP: %s in %s at %s: %s",
            self._connection.station_id,
            rule,
            action,
            place or "the top",
            "repaired" if repaired else "refused",
        )
        self._has_new = True
        self._counted[key] = Deviation(
            rule=rule,
            action=action,
            place=place,
            example=example[:MAX_EXAMPLE],
            repaired=repaired,
            count=1,
            last_seen=at,
        )


def _example(payload: object, place: Place, original: object) -> str:
    """What stood in a place, without secrets: whether it is one, what is around it may say."""
    text = orjson.dumps(original)
    if len(text) > MAX_EXAMPLE_BYTES and not isinstance(original, str):
        return f"({len(text)} bytes)"
    try:
        shown = _read_back(masked(_surroundings(payload, place, _as_texts(original))), place)
    except CallError:
        return "(nested too deeply)"
    return shown if isinstance(shown, str) else orjson.dumps(shown).decode()


def _surroundings(payload: Any, place: Place, leaf: object) -> object:
    """The part of a payload that leads to a place, with the plain values on the way, and ``leaf`` there."""
    if not place:
        return leaf
    step, rest = place[0], place[1:]
    if isinstance(payload, dict):
        near = {name: part for name, part in payload.items() if name == "variable" or _is_plain(part)}
        return {**near, step: _surroundings(payload.get(step), rest, leaf)}
    if isinstance(payload, list):
        return {"*": _surroundings(payload[step], rest, leaf)} if isinstance(step, int) else leaf
    return leaf


def _read_back(surroundings: Any, place: Place) -> Any:
    for step in place:
        if isinstance(surroundings, dict):
            surroundings = surroundings.get("*" if isinstance(step, int) else step)
    return surroundings


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and len(value) < 500


def _as_texts(value: object) -> object:
    """With numbers, and lists of plain values, as texts: only texts are taken for secrets."""
    if isinstance(value, dict):
        return {name: _as_texts(part) for name, part in value.items()}
    if isinstance(value, list):
        parts = [_as_texts(part) for part in value]
        if any(not isinstance(part, str) for part in parts):
            return parts
    return value if isinstance(value, str) else orjson.dumps(value).decode()
