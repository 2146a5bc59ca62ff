"""Meter values as curves, and the times from which nothing came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.console.curves import as_json, curves_of, limits_of, within

from ..transaction.fakes import minute

TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)
TRANSACTION = {"startedAt": minute(0), "endedAt": minute(20), "meterStartWh": 1000}


def at(minutes: float) -> datetime:
    return TEN + timedelta(minutes=minutes)


def value(minutes: float, measurand: str, number: float, unit: str, **more: Any) -> dict[str, Any]:
    return {"timestamp": minute(minutes), "measurand": measurand, "value": number, "unit": unit} | more


def register(minutes: float, wh: float, unit: str = "Wh") -> dict[str, Any]:
    return value(minutes, "Energy.Active.Import.Register", wh, unit)


def test_values_of_any_unit_are_in_kilowatts_and_kilowatt_hours_since_the_start() -> None:
    values = [
        value(1, "Power.Active.Import", 11_000, "W"),
        value(2, "Power.Active.Import", 11, "kW"),
        value(3, "Power.Active.Import", 11, "W", multiplier=3),
        register(1, 1500),
        register(2, 2, "kWh"),
        value(1, "SoC", 40, "Percent"),
        value(1, "Power.Offered", 22_000, "W"),
    ]

    curves = curves_of(TRANSACTION, values, {}).by_name

    assert list(curves["power"].points.values()) == [11, 11, 11]
    assert curves["energy"].points == {at(1): 0.5, at(2): 1.0}
    assert curves["soc"].points == {at(1): 40}
    assert curves["limit"].points == {at(1): 22}


def test_phases_are_added_where_the_station_names_no_sum() -> None:
    phases = [value(1, "Power.Active.Import", 1000, "W", phase=f"L{n}") for n in (1, 2, 3)]
    both = [value(2, "Power.Active.Import", 9000, "W", phase="L1"), value(2, "Power.Active.Import", 5, "kW")]

    curves = curves_of(TRANSACTION, phases + both, {}).by_name

    assert curves["power"].points == {at(1): 3, at(2): 5}


def test_a_time_without_values_is_a_silence_with_the_energy_of_that_time() -> None:
    minutes = [0, 1, 2, 9, *range(10, 21)]
    curves = curves_of(TRANSACTION, [register(each, 1000 + 10 * each) for each in minutes], {})

    assert curves.silences == [(at(2), at(9), 70.0)]
    answer = as_json(curves, [(at(3), at(4))])
    assert answer["gaps"][0] == [at(2).timestamp(), at(9).timestamp()]
    assert answer["series"][0]["values"].count(None) == 1


def test_values_that_come_every_quarter_of_an_hour_are_not_silent_between() -> None:
    about = TRANSACTION | {"endedAt": minute(60)}
    assert not curves_of(about, [register(each, each) for each in (0, 15, 30, 45, 60)], {}).silences


def test_limits_are_steps_in_kilowatts_within_the_session() -> None:
    periods = [{"startPeriod": 0, "limit": 16.0}, {"startPeriod": 600, "limit": 10, "numberPhases": 1}]
    schedule = {"chargingRateUnit": "A", "duration": 3600, "chargingSchedulePeriod": periods}

    limits = limits_of(schedule, at(-5), None)

    assert limits == {at(-5): 11.04, at(5): 2.3, at(55): 2.3}
    assert within(limits, at(0), at(20)) == {at(0): 11.04, at(5): 2.3, at(20): 2.3}
    assert within(limits, at(70), at(90)) == {}


def test_the_table_of_a_long_session_has_a_bounded_number_of_rows() -> None:
    curves = curves_of(TRANSACTION, [register(each / 10, each) for each in range(10_000)], {})

    assert 300 < len(curves.rows) <= 400


def test_values_without_number_or_of_the_grid_side_are_left_out() -> None:
    values = [register(1, 5) | {"value": None}, register(2, 7) | {"location": "Inlet"}]

    assert not curves_of(TRANSACTION, values, {}).drawn
