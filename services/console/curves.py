"""What a session measured, as curves over one time axis: power, energy, state of charge and limit, and the
times from which nothing came. Only this module knows which measurands these are. No I/O.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import NamedTuple

from .person import Json

_CURVES = {
    "Power.Active.Import": "power",
    "Energy.Active.Import.Register": "energy",
    "SoC": "soc",
    "Power.Offered": "limit",
}
"""By measurand."""

_PHASES = ("L1", "L2", "L3", "L1-N", "L2-N", "L3-N")
"""Which a station may report in place of their sum."""

MIN_SILENCE = timedelta(minutes=1)
"""A shorter time without values is none, however often the station sends them."""

USUAL_INTERVALS = 3
"""So many times the usual interval without a value are a silence."""

VOLTAGE, PHASES = 230, 3
"""With which a limit in A is drawn in kW, where nothing else is known."""

MAX_ROWS = 400
"""Of the table beside the curves."""

_KILO = {"kW": 1.0, "kWh": 1.0, "MWh": 1000.0}
"""Factor to thousands; that of other units is 0.001."""


@dataclass
class Curve:
    name: str
    """``power``, ``energy``, ``soc`` or ``limit``."""
    title: str
    """In English, as it is in the files of translations."""
    unit: str
    points: dict[datetime, float] = field(default_factory=dict)
    stepped: bool = False
    """Whether a value counts until the next one."""


class Silence(NamedTuple):
    """No value came in between."""

    start: datetime
    end: datetime
    wh: float | None
    """What the energy register rose by meanwhile, where it was read before and after."""


@dataclass(frozen=True)
class Curves:
    by_name: Mapping[str, Curve]
    silences: Sequence[Silence]

    @property
    def drawn(self) -> list[Curve]:
        """Those that have a point."""
        return [curve for curve in self.by_name.values() if curve.points]

    @property
    def rows(self) -> list[tuple[datetime, list[float | None]]]:
        """The values of all drawn curves by time: at most ``MAX_ROWS``, evenly taken."""
        times = sorted({at for curve in self.drawn for at in curve.points})
        step = -(-len(times) // MAX_ROWS) or 1
        return [(at, [curve.points.get(at) for curve in self.drawn]) for at in times[::step]]


def curves_of(transaction: Json, values: Iterable[Json], limits: Mapping[datetime, float]) -> Curves:
    """``values`` are meter values as the REST has them; ``limits`` in kW count until the next one."""
    points: dict[str, dict[datetime, float]] = defaultdict(dict)
    phases: dict[datetime, dict[str, float]] = defaultdict(dict)
    for value in values:
        if value.get("value") is not None and value.get("location", "Outlet") != "Inlet":
            at, number = moment(value["timestamp"]), float(value["value"]) * 10 ** value.get("multiplier", 0)
            phase = value.get("phase")
            if phase is None and value["measurand"] in _CURVES:
                curve = _CURVES[value["measurand"]]
                points[curve][at] = number if curve == "soc" else _kilo(number, value)
            elif value["measurand"] == "Power.Active.Import" and phase in _PHASES:
                phases[at][phase[:2]] = _kilo(number, value)
    power = {at: sum(parts.values()) for at, parts in phases.items()} | points["power"]
    registers = dict(sorted(points["energy"].items()))
    curves = (
        Curve("power", "Power", "kW", power),
        Curve("energy", "Energy", "kWh", _from_start(transaction, registers)),
        Curve("soc", "State of charge", "%", points["soc"]),
        Curve("limit", "Limit", "kW", dict(limits) or points["limit"], stepped=True),
    )
    times = {at for curve in curves[:3] for at in curve.points}
    return Curves({curve.name: curve for curve in curves}, silences(transaction, times, registers))


def silences(
    transaction: Json, times: Iterable[datetime], registers: Mapping[datetime, float]
) -> list[Silence]:
    """Times without values, longer than is usual in this session. ``registers`` in kWh, by time in order."""
    bounds = [moment(transaction[name]) for name in ("startedAt", "endedAt") if transaction.get(name)]
    known = sorted({*times, *bounds})
    intervals = [later - earlier for earlier, later in zip(known, known[1:], strict=False)]
    if len(intervals) < 3:
        return []
    usual = timedelta(seconds=median(interval.total_seconds() for interval in intervals))
    longest = max(USUAL_INTERVALS * usual, MIN_SILENCE)
    return [
        Silence(earlier, later, _rise(registers, earlier, later))
        for earlier, later in zip(known, known[1:], strict=False)
        if later - earlier > longest
    ]


def limits_of(schedule: Json, start: datetime, until: datetime | None) -> dict[datetime, float]:
    """Of a ChargingScheduleType or CompositeScheduleType that begins then: its limits in kW."""
    end = start + timedelta(seconds=schedule["duration"]) if schedule.get("duration") else until
    limits = {}
    for period in schedule.get("chargingSchedulePeriod", ()):
        at = start + timedelta(seconds=period.get("startPeriod", 0))
        if period.get("limit") is not None and (end is None or at <= end):
            limits[at] = _kilowatts(period, schedule.get("chargingRateUnit"))
    if limits and end is not None:
        limits[end] = limits[max(limits)]
    return limits


def within(limits: Mapping[datetime, float], start: datetime, end: datetime) -> dict[datetime, float]:
    """The limits of that time; what counts at its start begins there."""
    inside = {at: limit for at, limit in limits.items() if start <= at <= end}
    before = [at for at in limits if at < start]
    if before and any(at >= start for at in limits):
        inside.setdefault(start, limits[max(before)])
    if inside and any(at > end for at in limits):
        inside.setdefault(end, inside[max(inside)])
    return dict(sorted(inside.items()))


def as_json(
    curves: Curves, absences: Sequence[tuple[datetime, datetime]], translate: Callable[[str], str] = str
) -> Json:
    """For ``charts.js``: times in seconds since 1970, null where a line is interrupted."""
    gaps = [(each.start, each.end) for each in curves.silences] + list(absences)
    return {
        "series": [
            _series(curve, curves.silences) | {"title": translate(curve.title)} for curve in curves.drawn
        ],
        "gaps": [[start.timestamp(), end.timestamp()] for start, end in gaps],
    }


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _series(curve: Curve, silences: Sequence[Silence]) -> Json:
    points: dict[datetime, float | None] = dict(curve.points)
    if not curve.stepped:
        points |= {each.start + (each.end - each.start) / 2: None for each in silences}
    ordered = sorted(points)
    return {
        "name": curve.name,
        "unit": curve.unit,
        "stepped": curve.stepped,
        "times": [at.timestamp() for at in ordered],
        "values": [None if (value := points[at]) is None else round(value, 3) for at in ordered],
    }


def _kilo(number: float, value: Json) -> float:
    return number * _KILO.get(value.get("unit") or "", 0.001)


def _kilowatts(period: Json, unit: str | None) -> float:
    limit = float(period["limit"])
    return limit * VOLTAGE * (period.get("numberPhases") or PHASES) / 1000 if unit == "A" else limit / 1000


def _from_start(transaction: Json, registers: Mapping[datetime, float]) -> dict[datetime, float]:
    """The energy since the start."""
    if not registers:
        return {}
    start = transaction.get("meterStartWh")
    first = next(iter(registers.values())) if start is None else float(start) / 1000
    return {at: register - first for at, register in registers.items()}


def _rise(registers: Mapping[datetime, float], start: datetime, end: datetime) -> float | None:
    """In Wh."""
    before = [register for at, register in registers.items() if at <= start]
    after = [register for at, register in registers.items() if at >= end]
    return round((after[0] - before[-1]) * 1000, 3) if before and after else None
