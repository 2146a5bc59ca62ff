from __future__ import annotations

from typing import Any

import msgspec
import pytest

from libs.csms.clock import parse_time
from libs.ocpp_messages import ocpp2
from services.device.smart_charging.chosen_schedule import exceeds

from .profiles import Json, profile2, schedule2

NOON, HOUR = parse_time("2026-11-20T12:00:00Z"), 3600


def periods(*limits: float | Json, step: int = HOUR) -> list[Json]:
    """One an hour."""
    fields = [one if isinstance(one, dict) else {"limit": one} for one in limits]
    return [{"startPeriod": step * number, **one} for number, one in enumerate(fields)]


def schedule(*limits: float | Json, **changes: Any) -> Json:
    return schedule2(chargingSchedulePeriod=periods(*limits), **changes)


def relative(*limits: float | Json, **changes: Any) -> Json:
    offered = schedule(*limits, startSchedule=None, **changes)
    return profile2(1, "TxProfile", chargingProfileKind="Relative", chargingSchedule=[offered])


def absolute(*limits: float | Json, valid_to: str | None = None, **changes: Any) -> Json:
    return profile2(1, "TxProfile", chargingSchedule=[schedule(*limits, **changes)], validTo=valid_to)


def is_too_much(chosen: Json, offered: Json, begin: str = "12:00", **more: Any) -> bool:
    """The vehicle's schedule begins at this time, and the station has had the profile since noon."""
    request = {"timeBase": f"2026-11-20T{begin}:00Z", "evseId": 1, "chargingSchedule": chosen, **more}
    return exceeds(
        msgspec.json.decode(msgspec.json.encode(request), type=ocpp2.NotifyEVChargingScheduleRequest),
        msgspec.json.decode(msgspec.json.encode(offered), type=ocpp2.ChargingProfileType),
        NOON,
    )


@pytest.mark.parametrize("offer", [relative, absolute])
@pytest.mark.parametrize(
    ("chosen", "offered", "expected"),
    [
        ([16], [16], False),
        ([16.1], [16], True),
        ([15.9], [16], False),
        ([16, 10], [16, 10], False),
        ([10, 16], [16, 10], True),
        ([10], [16, 8], True),
        ([8, 9], [8], True),
        ([{"limit": 8, "limit_L2": 9, "limit_L3": 8}], [{"limit": 8, "limit_L2": 8, "limit_L3": 8}], True),
        ([{"limit": 9}], [{"limit": 8, "limit_L2": 10, "limit_L3": 10}], False),
        ([9], [{"setpoint": 8}], False),
    ],
)
def test_a_schedule_is_compared_at_every_time(
    offer: Any, chosen: list[Any], offered: list[Any], expected: bool
) -> None:
    assert is_too_much(schedule(*chosen), offer(*offered)) is expected


def test_another_unit_cannot_be_compared() -> None:
    assert not is_too_much(schedule(32), relative(16, chargingRateUnit="A"))


def test_a_schedule_that_is_over_or_not_begun_limits_nothing() -> None:
    assert not is_too_much(schedule(16, 32), relative(16, duration=HOUR))
    assert not is_too_much(schedule(16, 32), absolute(16, duration=HOUR))
    assert not is_too_much(schedule(16, 32), absolute(16, valid_to="2026-11-20T13:00:00Z"))
    assert is_too_much(schedule(16, 32), absolute(16, valid_to="2026-11-20T13:00:01Z"))
    assert not is_too_much(schedule(32, duration=HOUR), absolute(16, startSchedule="2026-11-20T13:00:00Z"))
    assert is_too_much(schedule(32, duration=HOUR + 1), absolute(16, startSchedule="2026-11-20T13:00:00Z"))


def test_only_the_station_knows_since_when_a_relative_profile_is_active() -> None:
    assert not is_too_much(schedule(10), relative(6, 10), begin="13:00")
    assert not is_too_much(schedule(10, duration=HOUR), relative(10, 6), begin="12:59")
    assert is_too_much(schedule(11), relative(6, 10), begin="13:00")
    assert is_too_much(schedule(10, duration=HOUR + 1), relative(10, 6), begin="12:59")
    assert not is_too_much(schedule(99, duration=HOUR), absolute(6, 99), begin="13:00")


def test_a_schedule_is_compared_with_the_one_that_it_was_chosen_from() -> None:
    small, large = schedule(16, id=1), schedule(32, id=2)
    offered = profile2(1, "TxProfile", chargingSchedule=[small, large])

    assert is_too_much(schedule(20, id=1), offered)
    assert not is_too_much(schedule(20, id=2), offered)
    assert is_too_much(schedule(20, id=2), offered, selectedChargingScheduleId=1)
    assert not is_too_much(schedule(99, id=3), offered)


@pytest.mark.parametrize(
    "offered",
    [
        absolute(16, useLocalTime=True),
        absolute(16, randomizedDelay=60),
        absolute(16, startSchedule=None),
        absolute(16, startSchedule="soon"),
        absolute(16) | {"chargingProfileKind": "Recurring", "recurrencyKind": "Daily"},
    ],
)
def test_a_schedule_whose_times_are_unknown_limits_nothing(offered: Json) -> None:
    assert not is_too_much(schedule(99), offered)


def test_times_beyond_the_calendar_are_no_error() -> None:
    far = schedule2(chargingSchedulePeriod=periods(1, 2, step=10**15))

    assert not is_too_much(far, relative(0))
