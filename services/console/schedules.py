"""Charging schedules as steps over a span of time, as a chart draws them and a table lists them. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .person import Json

MAX_STEPS = 500
"""Of one schedule. A chart of a day shows no more."""

END_OF_TIME = datetime.max.replace(tzinfo=UTC)

CYCLES = {"Daily": timedelta(days=1), "Weekly": timedelta(days=7)}


@dataclass(frozen=True)
class Span:
    """What of time is shown."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True)
class Step:
    """A limit that holds from one moment to another."""

    start: datetime
    end: datetime
    limit: float


@dataclass(frozen=True)
class Band:
    """The steps of one schedule within the span."""

    title: str
    unit: str
    """A or W."""
    steps: Sequence[Step]
    note: str = ""
    """In English, as it is in the files of translations: what the chart cannot know."""


def bands_of(profile: Json, title: str, span: Span) -> list[Band]:
    """Of a profile as ``/chargingprofiles`` has it, of any version: one of each of its schedules."""
    own = profile["chargingProfile"]
    schedules = own.get("chargingSchedule", [])
    valid = Span(
        max(_time(own.get("validFrom")) or span.start, span.start),
        min(_time(own.get("validTo")) or span.end, span.end),
    )
    return [
        _band(own, schedule, title, span, valid)
        for schedule in (schedules if isinstance(schedules, list) else [schedules])
    ]


def composite_band(composite: Json, title: str, span: Span) -> Band:
    """Of what ``/compositeschedules`` has."""
    schedule = composite["schedule"] | {"duration": composite.get("duration")}
    origin = _time(composite.get("scheduleStart")) or _time(composite["receivedAt"]) or span.start
    return Band(title, _unit(schedule), _clipped(_steps(schedule, origin, None), span))


def _band(profile: Json, schedule: Json, title: str, span: Span, valid: Span) -> Band:
    start = _time(schedule.get("startSchedule"))
    cycle = CYCLES.get(profile.get("recurrencyKind", "")) if start is not None else None
    note = "" if start is not None else "counts from the start of the transaction; drawn from now"
    if profile.get("chargingProfileKind") != "Recurring" or cycle is None or start is None:
        return Band(
            title, _unit(schedule), _clipped(_steps(schedule, start or span.start, None), valid), note
        )
    origin = start + cycle * ((span.start - start) // cycle)
    found: list[Step] = []
    while origin < span.end and len(found) < MAX_STEPS:
        if origin >= start:
            found += _clipped(_steps(schedule, origin, origin + cycle), valid)
        origin += cycle
    return Band(title, _unit(schedule), found[:MAX_STEPS])


def _steps(schedule: Json, origin: datetime, end: datetime | None) -> Iterator[Step]:
    """``end`` is where the next cycle begins. A period without limit, as 2.1 has it, is a gap."""
    duration = schedule.get("duration")
    ends = [at for at in (end, None if duration is None else _later(origin, duration)) if at is not None]
    periods = sorted(schedule.get("chargingSchedulePeriod", []), key=lambda one: one["startPeriod"])
    last = min(ends, default=END_OF_TIME)
    for number, period in enumerate(periods):
        following = periods[number + 1]["startPeriod"] if number + 1 < len(periods) else None
        until = last if following is None else min(_later(origin, following), last)
        if "limit" in period:
            yield Step(_later(origin, period["startPeriod"]), until, float(period["limit"]))


def _clipped(steps: Iterator[Step], span: Span) -> list[Step]:
    found: list[Step] = []
    for step in steps:
        start, end = max(step.start, span.start), min(step.end, span.end)
        if start < end and len(found) < MAX_STEPS:
            found.append(Step(start, end, step.limit))
    return found


def _later(origin: datetime, seconds: float) -> datetime:
    """At most the end of time, whatever a station says."""
    try:
        return origin + timedelta(seconds=float(seconds))
    except OverflowError:
        return END_OF_TIME


def _unit(schedule: Json) -> str:
    return str(schedule.get("chargingRateUnit", ""))


def _time(text: str | None) -> datetime | None:
    try:
        at = None if text is None else datetime.fromisoformat(text)
        return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
