"""The charging profile that follows from what a vehicle and its EVSE can do (K15, K18, K19). No I/O.

The limit is the lowest of those that either has stated, for the whole transaction: limits of the charging
station and limits from outside are for the station to apply on top. A number that nothing can charge with
(negative, or above ``MAX_STATED``) counts as not stated.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2

NOMINAL_VOLTAGE = Decimal(230)
"""Volts between a phase and neutral, to compare watts with amperes of alternating current."""

MAX_STATED = Decimal(10**9)
"""W, A or V that a limit may have to count."""

MIN_VOLTS = 1
"""Lower voltages do not count: powers divided by them would have more digits than decimals hold."""

STEP = Decimal("0.1")
"""Limits of 2.0.1 have one decimal (ChargingSchedulePeriodType.limit)."""

PHASES = {"AC_single_phase": 1, "AC_two_phase": 2}

COMPUTED_IDS = 1_000_000_000
"""Ids of computed profiles are above this, and above those that the station keeps to itself (K01.FR.80)."""

ID_STEP = 1_000
"""Between the ids that are tried for one EVSE."""


@dataclass(frozen=True)
class EvseLimits:
    """What a station has reported of one EVSE. None is not known."""

    power: Decimal | None = None
    """W in total."""
    current: Decimal | None = None
    """A, of alternating current per phase."""
    phases: int | None = None
    units: frozenset[str] = frozenset({"A", "W"})
    """ChargingRateUnits that the station takes."""

    @classmethod
    def reported(cls, evse_id: int, of_evse: Iterable[Json], of_controller: Iterable[Json]) -> EvseLimits:
        """From the variables of EVSEs and their connectors, and those of SmartChargingCtrlr."""
        own = [one for one in of_evse if (one["component"].get("evse") or {}).get("id") == evse_id]
        units = {
            unit.strip()
            for one in of_controller
            if one["variable"]["name"].casefold() == "rateunit"
            for unit in (_actual(one) or "").split(",")
        } & {"A", "W"}
        return cls(
            power=_lowest(own, "power"),
            current=_lowest(own, "current", "accurrent", "dccurrent"),
            phases=_phases(own),
            units=frozenset(units or {"A", "W"}),
        )


class Limit(NamedTuple):
    """Of all periods of a profile."""

    value: Decimal
    unit: ocpp2.ChargingRateUnitEnumType
    phases: int | None
    """None for direct current."""


def limit_for(needs: ocpp2.ChargingNeedsType, evse: EvseLimits) -> Limit | None:
    """None where nothing is known, or the vehicle cannot charge with what there is."""
    is_dc = needs.requested_energy_transfer.startswith("DC")
    stated = _dc(needs) if is_dc else _ac(needs)
    phases = None if is_dc else min(PHASES.get(needs.requested_energy_transfer, 3), evse.phases or 3)
    volts = stated.volts if phases is None else phases * NOMINAL_VOLTAGE
    unit: ocpp2.ChargingRateUnitEnumType = "W" if is_dc or stated.current is None else "A"
    if unit not in evse.units:
        unit = "A" if unit == "W" else "W"
    currents = [_in_unit(one, "A", unit, volts) for one in (stated.current, _plausible(evse.current))]
    powers = [_in_unit(one, "W", unit, volts) for one in (stated.power, _plausible(evse.power))]
    limits = [one for one in (*currents, *powers) if one is not None]
    if not limits:
        return None
    value = min(limits).quantize(STEP, ROUND_DOWN)
    least = _in_unit(stated.min_current, "A", unit, volts) or Decimal(0)
    return Limit(value, unit, phases) if value > 0 and value >= least else None


def computed_profile(id: int, limit: Limit, transaction_id: str) -> ocpp2.ChargingProfileType:
    """One period, so that it fits into whatever number of schedule tuples the vehicle takes."""
    period = ocpp2.ChargingSchedulePeriodType(0, limit=limit.value, number_phases=limit.phases)
    return ocpp2.ChargingProfileType(
        id=id,
        stack_level=0,
        charging_profile_purpose="TxProfile",
        charging_profile_kind="Relative",
        charging_schedule=[ocpp2.ChargingScheduleType(1, limit.unit, [period])],
        transaction_id=transaction_id,
    )


def computed_id(evse_id: int, of_controller: Iterable[Json], taken: set[int]) -> int:
    """The same for the same EVSE, so that its next profile replaces this one. Not one of those ``taken``."""
    reserved = [
        _actual(one) for one in of_controller if one["variable"]["name"] == "MaxExternalConstraintsId"
    ]
    highest = max((int(one) for one in reserved if one and one.isdecimal()), default=0)
    id = max(COMPUTED_IDS, highest) + evse_id
    while id in taken:
        id += ID_STEP
    return id


class _Stated(NamedTuple):
    """What a vehicle has stated of itself; current per phase, power in total."""

    current: Decimal | None = None
    min_current: Decimal | None = None
    power: Decimal | None = None
    volts: Decimal | None = None


def _ac(needs: ocpp2.ChargingNeedsType) -> _Stated:
    """Of ISO 15118-2; without it, of ISO 15118-20."""
    ac = needs.ac_charging_parameters
    if ac is not None:
        return _Stated(_plausible(ac.ev_max_current), _plausible(ac.ev_min_current))
    return _v2x(needs)


def _dc(needs: ocpp2.ChargingNeedsType) -> _Stated:
    dc = needs.dc_charging_parameters
    if dc is None:
        return _v2x(needs)
    volts = _plausible(dc.ev_max_voltage, MIN_VOLTS)
    return _Stated(_plausible(dc.ev_max_current), None, _plausible(dc.ev_max_power), volts)


def _v2x(needs: ocpp2.ChargingNeedsType) -> _Stated:
    """Power of ISO 15118-20: of all phases together, or of each where there are more than the first."""
    v2x = needs.v2x_charging_parameters
    if v2x is None:
        return _Stated()
    by_phase = (v2x.max_charge_power, v2x.max_charge_power_l2, v2x.max_charge_power_l3)
    powers = [power for one in by_phase if (power := _plausible(one)) is not None]
    volts = _plausible(v2x.max_voltage, MIN_VOLTS)
    return _Stated(
        _plausible(v2x.max_charge_current),
        _plausible(v2x.min_charge_current),
        sum(powers, Decimal(0)) if powers else None,
        volts,
    )


def _plausible(value: Decimal | None, least: int = 0) -> Decimal | None:
    return value if value is not None and least <= value <= MAX_STATED else None


def _in_unit(value: Decimal | None, unit: str, wanted: str, volts: Decimal | None) -> Decimal | None:
    """None where it is not known, or nothing says how many volts there are."""
    if value is None or unit == wanted:
        return value
    if volts is None:
        return None
    return value * volts if wanted == "W" else value / volts


def _lowest(variables: Iterable[Json], *names: str) -> Decimal | None:
    """The lowest maxLimit of these variables, in W or A."""
    limits = []
    for one in variables:
        characteristics = one.get("characteristics") or {}
        limit, unit = characteristics.get("maxLimit"), (characteristics.get("unit") or "").strip()
        if one["variable"]["name"].casefold() in names and limit is not None and unit in ("", "W", "kW", "A"):
            limits.append(_plausible(Decimal(str(limit)) * (1000 if unit == "kW" else 1)))
    return min((one for one in limits if one), default=None)


def _phases(variables: Iterable[Json]) -> int | None:
    supplied = [_actual(one) for one in variables if one["variable"]["name"].casefold() == "supplyphases"]
    return min((int(one) for one in supplied if one in ("1", "2", "3")), default=None)


def _actual(variable: Json) -> str | None:
    values = [one.get("value") for one in variable["attributes"] if one.get("type", "Actual") == "Actual"]
    return values[0] if values else None
