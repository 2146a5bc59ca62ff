"""How the station of one connection departs from OCPP: counted here, told to the bus now and then."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from functools import partial

import msgspec
import orjson

from libs.csms.secrets import masked_frame
from libs.ocpp_messages.errors import CallError, Violation
from libs.ocpp_messages.event import Deviation, MessageRefused, StationDeviated
from libs.ocpp_messages.leniency import Place, Rule
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
"""A longer object or list is no example: its secrets could not be hidden quickly."""

PUBLISH_INTERVAL = 300.0
"""Seconds between two events about deviations that are known already."""

WITHHELD = "(withheld: may hold a secret)"
"""Stands for an example in which a secret cannot be told from the rest."""

FURTHER = "furtherDeviations"
"""Stands for the rule where a station deviates in more ways than are told apart."""

_FURTHER_KEY = FURTHER, "", "", False

Key = tuple[str, str, str, bool]
"""Rule, action, place, and whether it was repaired."""


class Deviations:
    """A new deviation is published after the call has its answer, the others in batches: a station that
    deviates in every message costs no further message on the bus each time.
    """

    __slots__ = ("_connection", "_context", "_counted", "_has_new", "_number", "_publish_at")

    def __init__(self, connection: Connection, context: GatewayContext) -> None:
        self._connection = connection
        self._context = context
        self._counted: dict[Key, Deviation] = {}
        self._has_new = False
        self._publish_at = 0.0
        self._number = 0
        """Of events, so that a consumer knows one that the bus delivers twice."""

    def repaired(self, action: str, repairs: Sequence[Repair], at: str) -> None:
        """Count the repairs of a message."""
        found: dict[tuple[Rule, Place], list[object]] = {}
        for rule, place, original in repairs:
            starred = tuple("*" if isinstance(part, int) else part for part in place)
            found.setdefault((rule, starred), []).append(original)
        for (rule, place), originals in found.items():
            key = rule.value, action, place_text(place), True
            self._count(key, len(originals), at, partial(example_of, rule, place, originals[0]))

    def refused(self, action: str, error: CallError, at: str) -> None:
        """Count a message that was refused, or a response that breaks its schema, by the code for it."""
        place = error.place if isinstance(error, Violation) else ""
        starred = ".".join("*" if part.isdecimal() else part for part in place.split("."))
        code = error.code.of(self._connection.version)
        key = code, action[:50], place_text(tuple(starred.split("."))), False
        self._count(key, 1, at, lambda: error.description)

    async def keep(self, refused: MessageRefused) -> bool:
        """Publish a message that is refused and carries energy or money. False if the bus did not take it."""
        self._number += 1
        return await Announcer(self._context).announce(self._connection, refused, self._number)

    @property
    def is_due(self) -> bool:
        """Whether there is something new to publish, or it is time for the rest."""
        if not self._counted:
            return False
        return self._has_new or asyncio.get_running_loop().time() >= self._publish_at

    async def publish(self) -> None:
        """Publish what has been counted since the last time. What the bus does not take is kept for later."""
        unpublished = [one for one in self._counted.values() if one.count]
        self._has_new = False
        self._publish_at = asyncio.get_running_loop().time() + PUBLISH_INTERVAL
        if not unpublished:
            return
        self._number += 1
        event = StationDeviated(deviations=unpublished)
        if await Announcer(self._context).announce(self._connection, event, self._number):
            for key, one in self._counted.items():
                self._counted[key] = msgspec.structs.replace(one, count=0)

    def _count(self, key: Key, count: int, at: str, example: Callable[[], str]) -> None:
        if key not in self._counted and len(self._counted) >= MAX_DEVIATIONS:
            key, example = _FURTHER_KEY, str
        known = self._counted.get(key)
        if known is not None:
            self._counted[key] = msgspec.structs.replace(known, count=known.count + count, last_seen=at)
            return
        rule, action, place, repaired = key
        self._has_new = True
        self._counted[key] = Deviation(
            rule=rule,
            action=action,
            place=place,
            example=example()[:MAX_EXAMPLE],
            repaired=repaired,
            count=count,
            last_seen=at,
        )
        station, outcome = self._connection.station_id, "repaired" if repaired else "refused"
        log.info("station %s: deviates from OCPP in %s %s: %s, %s", station, action, place, rule, outcome)


def example_of(rule: Rule, place: Place, original: object) -> str:
    """What stood in a place, with all hidden that may be secret or is too long."""
    if isinstance(original, str):
        original = original[: 2 * MAX_EXAMPLE]
    elif (size := len(orjson.dumps(original))) > MAX_EXAMPLE_BYTES:
        return f"({size} bytes)"
    name = _word(next((part for part in reversed(place) if isinstance(part, str)), ""))
    text = orjson.dumps({name: _as_texts(original)}).decode()
    measured = "sampledValue" in place and rule is not Rule.UNKNOWN_FIELD
    try:
        shown = orjson.loads(text if measured else masked_frame(text))[name]
    except orjson.JSONDecodeError:  # a quote was hidden too, as what follows the scheme of an address may be
        return WITHHELD
    return shown if isinstance(shown, str) else orjson.dumps(shown).decode()


def _as_texts(value: object) -> object:
    """With numbers, and lists of plain values, as texts, for only texts are hidden; and names as words."""
    if isinstance(value, dict):
        return {_word(name): _as_texts(part) for name, part in value.items()}
    if isinstance(value, list):
        parts = [_as_texts(part) for part in value if isinstance(part, (dict, list))]
        if objects := [part for part in parts if not isinstance(part, str)]:
            return objects
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _word(name: str) -> str:
    return _NO_WORD.sub("_", name)[:100] or "_"


_NO_WORD = re.compile(r"\W", re.ASCII)
