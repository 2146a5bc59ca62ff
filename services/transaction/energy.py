"""The energy of a transaction. The only module that knows how meters are read, and misread."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from .evidence import Evidence, Reading, moment, time_of
from .samples import REGISTER, Measurement, Sample, SampledValue

UNREADABLE_VALUE = "unreadable meter value"
METER_RAN_BACKWARDS = "the meter ran backwards"
METER_JUMPED_FROM_ZERO = "the meter began at zero and jumped"

_REGISTER = (None, REGISTER)
_OUTLET = (None, "Outlet")
_WH_PER_UNIT = {"wh": Decimal(1), "kwh": Decimal(1000), "mwh": Decimal(1_000_000)}
_ONE_WH = Decimal(1)
_RESOLUTION_WH = Decimal("0.000001")
_MAX_MULTIPLIER = 12
"""The power of ten in UnitOfMeasureType, up or down."""
_MAX_REGISTER_WH = Decimal(10) ** 15
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
    warnings: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, measurements: Iterable[Measurement], warning: str | None, seq_no: int = 0) -> Readings:
        """``warning`` is what is wrong with the message itself."""
        readings = cls()
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
                wh = watt_hours(sample)
                if wh is None:
                    self.warn(UNREADABLE_VALUE)
                else:
                    self.add((at, wh), sample.context)

    def add(self, reading: Reading, context: str | None = None) -> None:
        """``context`` is that of the sample, or meterStart or meterStop of OCPP 1.6."""
        self._first("register", reading)
        self._last("register", reading)
        if reading[1] > 0:
            self._first("positive", reading)
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
        self.first[name] = min(self.first.get(name, reading), reading)

    def _last(self, name: str, reading: Reading) -> None:
        self.last[name] = max(self.last.get(name, reading), reading)


def watt_hours(sample: Sample) -> Decimal | None:
    """None for what no energy register can show."""
    measure = sample.unit_of_measure
    factor = _WH_PER_UNIT.get(((measure and measure.unit) or "Wh").lower())
    multiplier = (measure and measure.multiplier) or 0
    if factor is None or sample.value is None or abs(multiplier) > _MAX_MULTIPLIER:
        return None
    return canonical((sample.value * factor).scaleb(multiplier))


def canonical(wh: Decimal) -> Decimal | None:
    """Written in one way only, so that equal readings look alike. None for what is not a number of Wh."""
    try:
        wh = wh.quantize(_RESOLUTION_WH).normalize()
    except InvalidOperation:
        return None
    if not wh.is_finite() or abs(wh) > _MAX_REGISTER_WH:
        return None
    return wh.quantize(_ONE_WH) if wh == wh.to_integral_value() else wh


class Energy(NamedTuple):
    """In Wh. None is unknown."""

    start: Decimal | None
    stop: Decimal | None
    used: Decimal | None
    """Unknown when it would be negative: nobody can be charged for that."""
    warning: str | None = None


def energy(evidence: Evidence) -> Energy:
    """What the station declares as begin and end counts before the earliest and the latest reading."""
    first, last, ended = evidence.first_readings, evidence.last_readings, "ended" in evidence.first
    start = first.get("meterStart") or first.get("begin")
    stop = last.get("register")
    if ended:
        stop = last.get("meterStop") or last.get("end") or stop
        if start is None and first.get("register") == last.get("register"):
            return Energy(None, stop and stop[1], None)
    start = start or first.get("register")
    if start is None or stop is None:
        return Energy(start and start[1], None, None)
    used = stop[1] - start[1]
    shown = Energy(start[1], stop[1] if ended else None, used)
    if used < 0:
        return shown._replace(used=None, warning=METER_RAN_BACKWARDS)
    if _jumped_from_zero(start, stop, first.get("positive")):
        return shown._replace(warning=METER_JUMPED_FROM_ZERO)
    return shown


def _jumped_from_zero(start: Reading, stop: Reading, positive: Reading | None) -> bool:
    """Whether a meter that began at zero shows more than a vehicle can take: that zero was no reading."""
    if start[1] != 0 or positive is None:
        return False
    seconds = max((time_of(positive[0]) - time_of(start[0])).total_seconds(), 0)
    possible = _TOLERANCE_WH + _MAX_POWER_W * int(seconds) // 3600
    return positive[1] > possible or stop[1] > _MAX_ENERGY_WH
