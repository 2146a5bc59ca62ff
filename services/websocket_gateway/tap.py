"""Copies of the frames of watched stations, published beside their way: it alone knows StationFrame."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson

from libs.csms.clock import parse_time, rfc3339
from libs.csms.limits import TokenBuckets
from libs.csms.secrets import HIDDEN, masked, masked_frame, masked_text, text_without_secrets, without
from libs.ocpp_messages import frame
from libs.ocpp_messages.errors import CallError, Violation
from libs.ocpp_messages.event import FrameProblem, StationFrame
from libs.ocpp_messages.repair import Repair, place_text

from .connection import Connection
from .context import GatewayContext
from .deviations import MAX_EXAMPLE, example_of
from .presence import Announcer

log = logging.getLogger(__name__)

MAX_WATCH = timedelta(minutes=5)
"""From now, whatever StationWatched says."""

MAX_WATCHED = 200
"""Stations. While so many are watched, one more is not."""

FRAMES_PER_SECOND = 20.0
"""Of one station that are copied."""

BURST = 100
"""Frames of one station that are copied at once."""

MAX_QUEUED = 500
"""Frames of all stations that wait for the bus."""

MAX_BATCH = 20
"""Frames that are given to the bus at once."""

MAX_BYTES = 16_000
"""Of a longer frame only the beginning is copied."""

MAX_PROBLEMS = 20
MAX_CALLS = 32
"""Calls of one connection whose answers are known by them."""

UNEXPECTED = FrameProblem(rule="unexpected", description="it answers no command that waits")

_KINDS = {b"2": "call", b"3": "result", b"4": "error", b"5": "error", b"6": "send"}
_TEXT = rb'"(?:[^"\\]|\\.){0,400}"'
_HEAD = re.compile(rb"\s*\[\s*([2-6])\s*,\s*(%b|-?\d{1,20})\s*(?:,\s*(%b))?" % (_TEXT, _TEXT))


class Copy(NamedTuple):
    """A frame that waits for the bus."""

    tap: Tap
    direction: str
    text: bytes
    length: int
    at: datetime
    seconds: float
    """The same as a time of the event loop."""
    is_frame: bool
    refused: bool
    problems: Sequence[FrameProblem]
    dropped: int


class Tap:
    """Of one connection of a watched station. Nothing here waits, and nothing raises."""

    def __init__(self, connection: Connection, taps: Taps) -> None:
        self.connection = connection
        self.number = 0
        """Of the newest copy that was published."""
        self.calls: OrderedDict[tuple[str, str], tuple[float, str]] = OrderedDict()
        """By the direction of the answer and the message id: when each call came, and its action."""
        self._taps = taps
        self._dropped = 0

    def received(
        self,
        message: frame.Call | frame.Send,
        seconds: float,
        repairs: Sequence[Repair] = (),
        error: CallError | None = None,
    ) -> None:
        """A message of the station, which came at that time of the event loop."""
        problems = [_repaired(one) for one in repairs[:MAX_PROBLEMS]]
        if error is not None:
            problems.append(self._problem(error))
        self._copy("in", frame.format(message), seconds, problems, refused=error is not None)

    def received_text(self, text: str, seconds: float, problem: str) -> None:
        """Text of the station that is no frame."""
        found = FrameProblem(rule="FormatViolation", description=problem)
        self._copy("in", text.encode(errors="replace"), seconds, [found], refused=True, is_frame=False)

    def replied(
        self,
        reply: frame.Result | frame.Error | frame.ResultError,
        secrets: Collection[str] | None,
        error: CallError | None = None,
    ) -> None:
        """An answer of the station to a command with these secrets; None for an answer to no command.

        The explanations in an answer may repeat a secret. Where it is not known, they are hidden.
        """
        problems = (
            [self._problem(error)] if error is not None else [] if secrets is not None else [UNEXPECTED]
        )
        shown = frame.format(_without(secrets, reply))
        self._copy("in", shown, asyncio.get_running_loop().time(), problems, refused=secrets is None)

    def sent(self, text: bytes) -> None:
        self._copy("out", text, asyncio.get_running_loop().time())

    def _problem(self, error: CallError) -> FrameProblem:
        place = error.place if isinstance(error, Violation) else ""
        code = error.code.of(self.connection.version)
        return FrameProblem(rule=code, place=place, description=masked_text(error.description))

    def _copy(
        self,
        direction: str,
        text: bytes,
        seconds: float,
        problems: Sequence[FrameProblem] = (),
        *,
        refused: bool = False,
        is_frame: bool = True,
    ) -> None:
        at = self._taps.time_of(seconds)
        copied = Copy(
            self,
            direction,
            text[:MAX_BYTES],
            len(text),
            at,
            seconds,
            is_frame,
            refused,
            problems,
            self._dropped,
        )
        self._dropped = 0 if self._taps.put(copied) else self._dropped + 1


@dataclass(frozen=True)
class _Watch:
    until: datetime
    pace: TokenBuckets


class Taps:
    """The watched stations, whatever gateway they are connected to: each may connect here at any time."""

    def __init__(self, context: GatewayContext, ended: Callable[[str], None]) -> None:
        """``ended`` is called with a station that is watched no more, when it sends or gets a frame."""
        self._context = context
        self._ended = ended
        self._watched: dict[str, _Watch] = {}
        self._queue: deque[Copy] = deque()
        self._is_new = asyncio.Event()

    def watch(self, station_id: str, until: str) -> None:
        """Raises ``ValueError`` if ``until`` is no time."""
        now = self._context.clock()
        end = min(parse_time(until), now + MAX_WATCH)
        known = self._watched.get(station_id)
        if end <= now or (known is not None and end <= known.until):
            return
        if known is None and len(self._watched) >= MAX_WATCHED:
            self._watched = {id: one for id, one in self._watched.items() if one.until > now}
            if len(self._watched) >= MAX_WATCHED:
                log.warning("station %s: not watched: %d others are", station_id, MAX_WATCHED)
                return
        pace = known.pace if known else TokenBuckets(FRAMES_PER_SECOND, BURST, max_keys=1)
        self._watched[station_id] = _Watch(end, pace)

    def of(self, connection: Connection) -> Tap | None:
        """A new one, if the station is watched."""
        return Tap(connection, self) if connection.station_id in self._watched else None

    def time_of(self, seconds: float) -> datetime:
        """The time by the clock, of a time of the event loop."""
        return self._context.clock() - timedelta(seconds=asyncio.get_running_loop().time() - seconds)

    def put(self, copied: Copy) -> bool:
        """False if there is no room."""
        id = copied.tap.connection.station_id
        watch = self._watched.get(id)
        if watch is None or watch.until <= self._context.clock():
            self._watched.pop(id, None)
            self._ended(id)
            return True
        if len(self._queue) >= MAX_QUEUED or watch.pace.take(id):
            return False
        self._queue.append(copied)
        self._is_new.set()
        return True

    async def keep_publishing(self) -> None:
        """Until cancelled. What the bus does not take is lost."""
        announcer = Announcer(self._context)
        while True:
            self._is_new.clear()
            while self._queue:
                batch = [self._queue.popleft() for _ in range(min(MAX_BATCH, len(self._queue)))]
                await asyncio.gather(*(self._publish(announcer, one) for one in batch))
                await asyncio.sleep(0)  # the embedded bus never yields
            await self._is_new.wait()

    async def _publish(self, announcer: Announcer, copied: Copy) -> None:
        station = copied.tap.connection.station_id
        try:
            event = _event(copied)
        except Exception:  # nothing that a station sends may end the gateway
            log.exception("station %s: a frame could not be copied", station)
            return
        await announcer.announce(copied.tap.connection, event, event.number, rfc3339(copied.at))


def _event(copied: Copy) -> StationFrame:
    tap = copied.tap
    tap.number += 1
    kind, id, action = _head(copied.text) if copied.is_frame else ("", "", "")
    duration = None
    if kind == "call":
        _remember(copied, id, action)
    elif (call := tap.calls.pop((copied.direction, id), None)) is not None:
        duration, action = round(1000 * (copied.seconds - call[0]), 3), call[1]
    return StationFrame(
        direction=copied.direction,
        kind=kind,
        text=_shown(copied),
        number=tap.number,
        message_id=id,
        action=action,
        length=copied.length,
        duration_ms=duration,
        refused=copied.refused,
        problems=list(copied.problems),
        dropped=copied.dropped,
    )


def _remember(copied: Copy, id: str, action: str) -> None:
    calls = copied.tap.calls
    calls["out" if copied.direction == "in" else "in", id] = copied.seconds, action
    if len(calls) > MAX_CALLS:
        calls.popitem(last=False)


def _head(text: bytes) -> tuple[str, str, str]:
    """Kind, message id and action of a frame."""
    found = _HEAD.match(text)
    if found is None:
        return "", "", ""
    kind, id = _KINDS[found[1]], str(orjson.loads(found[2]))
    is_named = found[3] is not None and kind in ("call", "send")
    return kind, id, str(orjson.loads(found[3]))[:50] if is_named else ""


def _shown(copied: Copy) -> str:
    if copied.is_frame and copied.length == len(copied.text):
        try:
            return orjson.dumps(masked(orjson.loads(copied.text))).decode()
        except (orjson.JSONDecodeError, orjson.JSONEncodeError, CallError):
            pass  # nested too deeply
    return masked_frame(copied.text.decode(errors="replace"))


def _repaired(repair: Repair) -> FrameProblem:
    rule, place, original = repair
    description = example_of(rule, place, original)[:MAX_EXAMPLE]
    return FrameProblem(rule=rule.value, place=place_text(place), description=description)


def _without(
    secrets: Collection[str] | None, reply: frame.Result | frame.Error | frame.ResultError
) -> frame.Frame:
    def clean(value: Any) -> Any:
        return HIDDEN if secrets is None else without(secrets, value)

    match reply:
        case frame.Result(id, {"statusInfo": explanation} as payload):
            return frame.Result(id, payload | {"statusInfo": clean(explanation)})
        case frame.Error(id, code, description, details):
            return frame.Error(id, code, clean(description), {name: clean(details[name]) for name in details})
        case frame.ResultError(id, code, description, details):
            return frame.ResultError(id, code, text_without_secrets(description), details)
    return reply
