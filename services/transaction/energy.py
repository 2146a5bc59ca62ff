"""The energy of a transaction. The only module that knows how meters are read, and misread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import NamedTuple

from .evidence import Evidence, Reading, moment, time_of
from .register import RegisterHistory, falls, merge_histories
from .samples import REGISTER, Measurement, Sample, SampledValue
from .warnings import (
    HIGHEST_NOT_COUNTED,
    METER_JUMPED_FROM_ZERO,
    METER_RAN_BACKWARDS,
    TOO_MUCH_ENERGY,
    UNIT_CHANGED,
    UNREADABLE_VALUE,
)

_REGISTER = (None, REGISTER)
_OUTLET = (None, "Outlet")
_WH_PER_UNIT = {"wh": Decimal(1), "kwh": Decimal(1000), "mwh": Decimal(1_000_000)}
_ONE_WH = Decimal(1)
_RESOLUTION_WH = Decimal("0.000001")
_MAX_MULTIPLIER = 12
"""The power of ten in UnitOfMeasureType, up or down."""
MAX_REGISTER_WH = Decimal(10) ** 15
_MAX_POWER_W = 500_000
"""What a vehicle can take."""
_MAX_ENERGY_WH = 300_000
"""What a vehicle can take in one transaction."""
_TOLERANCE_WH = 1_000
"""What may be measured before the station says that the transaction started."""


@dataclass
class Readings:
    """The energy registers in one message: where the energy began and ended, as far as the station says."""

    first: dict[str, Reading] = field(default_factory=dict)
    """``Evidence.first_readings``."""
    last: dict[str, Reading] = field(default_factory=dict)
    """``Evidence.last_readings``."""
    highest: Reading | None = None
    """``Evidence.highest_reading``."""
    history: RegisterHistory | None = None
    """``Evidence.register_history``."""
    units: set[str] = field(default_factory=set)
    """``Evidence.units``."""
    warnings: set[str] = field(default_factory=set)

    @classmethod
    def of(
        cls, measurements: Iterable[Measurement], warnings: Iterable[str | None] = (), seq_no: int = 0
    ) -> Readings:
        """``warnings`` are what is wrong with the message itself."""
        readings = cls()
        for warning in warnings:
            readings.warn(warning)
        for one in measurements:
            readings.warn(one.warning)
            readings.add_samples(moment(one.at, seq_no), one.samples)
        return readings

    def warn(self, warning: str | None) -> None:
        if warning is not None:
            self.warnings.add(warning)

    def add_samples(self, at: str, samples: Iterable[Sample]) -> None:
        for sample in samples:
            if sample.value is None:
                is_raw = isinstance(sample, SampledValue) and sample.raw is not None
                self.warn(UNREADABLE_VALUE if is_raw else None)
            elif sample.measurand in _REGISTER and sample.phase is None and sample.location in _OUTLET:
                unit = _unit(sample)
                wh = watt_hours(sample, unit)
                if wh is None:
                    self.warn(UNREADABLE_VALUE)
                else:
                    self.units.add(unit)
                    self.add((at, wh), sample.context)

    def add(self, reading: Reading, context: str | None = None) -> None:
        """``context`` is that of the sample, or meterStart or meterStop of OCPP 1.6."""
        self._first("register", reading)
        self._last("register", reading)
        if reading[1] > 0:
            self._first("positive", reading)
        if self.highest is None or reading[1] > self.highest[1]:
            self.highest = reading
        only = RegisterHistory(1, {_second(reading): reading[1]})
        self.history = merge_histories(self.history, only)
        match context:
            case "Transaction.Begin":
                self._first("begin", reading)
            case "Transaction.End":
                self._last("end", reading)
            case "meterStart":
                self._first(context, reading)
            case "meterStop":
                self._last(context, reading)

    def _first(self, name: str, reading: Reading) -> None:
        known = self.first.get(name)
        if known is None or reading < known:
            self.first[name] = reading

    def _last(self, name: str, reading: Reading) -> None:
        known = self.last.get(name)
        if known is None or reading > known:
            self.last[name] = reading


def watt_hours(sample: Sample, unit: str) -> Decimal | None:
    """``unit`` is that of the sample, in lower case. None for what no energy register can show."""
    factor = _WH_PER_UNIT.get(unit)
    measure = sample.unit_of_measure
    multiplier = (measure and measure.multiplier) or 0
    if factor is None or sample.value is None or abs(multiplier) > _MAX_MULTIPLIER:
        return None
    return canonical((sample.value * factor).scaleb(multiplier))


def _unit(sample: Sample) -> str:
    measure = sample.unit_of_measure
    return ((measure and measure.unit) or "Wh").lower()


def canonical(wh: Decimal) -> Decimal | None:
    """Written in one way only, so that equal readings look alike. None for what is not a number of Wh."""
    try:
        wh = wh.quantize(_RESOLUTION_WH).normalize()
    except InvalidOperation:
        return None
    if not wh.is_finite() or abs(wh) > MAX_REGISTER_WH:
        return None
    return wh.quantize(_ONE_WH) if wh == wh.to_integral_value() else wh


class Energy(NamedTuple):
    """In Wh. None is unknown."""

    start: Decimal | None
    stop: Decimal | None
    """Unknown while the transaction is active."""
    highest: Decimal | None
    """The highest reading from the start to the end, where there is one above the last."""
    used: Decimal | None
    """Unknown when it would be negative: nobody can be charged for that."""
    warnings: Sequence[str] = ()


def energy(evidence: Evidence) -> Energy:
    """What the station declares as begin and end counts before the earliest and the latest reading. Where the
    register has fallen, the energy is that of the highest reading, unless no vehicle can take so much.
    """
    warnings = [UNIT_CHANGED] if len(evidence.units) > 1 else []
    stop, has_ended = _stop(evidence), _has_ended(evidence)
    start = _start(evidence, stop)
    shown = stop[1] if stop and has_ended else None
    if start is None or stop is None:
        return Energy(start and start[1], shown, None, None, warnings)
    highest = _highest_between(evidence, start, stop)
    higher = None if stop == _chosen_stop(evidence) else highest  # the operator knew the highest reading
    if stop[1] < start[1] or higher is not None or _falls(evidence, start, stop):
        warnings.append(METER_RAN_BACKWARDS)
    if higher is not None and not _is_possible(start, higher):
        warnings.append(HIGHEST_NOT_COUNTED)
    elif higher is not None:
        stop = higher
    used = stop[1] - start[1]
    if used >= 0 and _jumped_from_zero(start, stop, evidence.first_readings.get("positive")):
        warnings.append(METER_JUMPED_FROM_ZERO)
    elif used > _MAX_ENERGY_WH:
        warnings.append(TOO_MUCH_ENERGY)
    return Energy(start[1], shown, highest and highest[1], used if used >= 0 else None, warnings)


def _has_ended(evidence: Evidence) -> bool:
    return "ended" in evidence.first or evidence.operator_end is not None


def _start(evidence: Evidence, stop: Reading | None) -> Reading | None:
    first, last = evidence.first_readings, evidence.last_readings
    earliest = first.get("register")
    if declared := first.get("meterStart") or first.get("begin"):
        return declared
    is_alone = earliest == last.get("register") == stop
    return None if is_alone and _has_ended(evidence) else earliest  # one reading alone is the end


def _stop(evidence: Evidence) -> Reading | None:
    """The station's own end counts before the operator's."""
    last = evidence.last_readings
    if "ended" in evidence.first:
        return last.get("meterStop") or last.get("end") or last.get("register")
    return _chosen_stop(evidence) or last.get("register")


def _chosen_stop(evidence: Evidence) -> Reading | None:
    chosen = evidence.operator_end
    if chosen is None or chosen.meter_stop_wh is None:
        return None
    return moment(chosen.ended_at), chosen.meter_stop_wh


def _highest_between(evidence: Evidence, start: Reading, stop: Reading) -> Reading | None:
    """The highest reading, if it is higher than the last one and was before it."""
    highest = evidence.highest_reading
    if highest is None or highest[1] <= max(start[1], stop[1]) or not start[0] <= highest[0] <= stop[0]:
        return None
    is_rounding = "meterStop" in evidence.last_readings and highest[1] - stop[1] < _ONE_WH
    return None if is_rounding else highest


def _falls(evidence: Evidence, start: Reading, stop: Reading) -> bool:
    rounding = _ONE_WH if "meterStart" in evidence.first_readings else 0
    history = evidence.register_history
    return history is not None and falls(history, _second(start), start[1] - rounding, _second(stop))


def _second(reading: Reading) -> int:
    """Since 1970."""
    return _second_of(reading[0])


@lru_cache(maxsize=1024)
def _second_of(moment: str) -> int:
    return int(time_of(moment).timestamp())


def _is_possible(start: Reading, reading: Reading) -> bool:
    """Whether a vehicle can have taken so much since the start."""
    seconds = max((time_of(reading[0]) - time_of(start[0])).total_seconds(), 0)
    used = reading[1] - start[1]
    return used <= _MAX_ENERGY_WH and used <= _TOLERANCE_WH + _MAX_POWER_W * int(seconds) // 3600


def _jumped_from_zero(start: Reading, stop: Reading, positive: Reading | None) -> bool:
    """Whether a meter that began at zero shows more than a vehicle can take: that zero was no reading."""
    if start[1] != 0 or positive is None:
        return False
    return not _is_possible(start, positive) or stop[1] > _MAX_ENERGY_WH
