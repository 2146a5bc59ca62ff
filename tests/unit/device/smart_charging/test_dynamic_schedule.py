from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import permutations

import pytest

from services.device.smart_charging.service import SmartCharging

from .operator import Operator, at, operating
from .profiles import V21, Json, profile2, schedule2

UPDATE = "UpdateDynamicSchedule"
SETPOINT = {"startPeriod": 0, "operationMode": "CentralSetpoint", "setpoint": -5000.5}

Step = Callable[[Operator], Awaitable[object]]


@pytest.fixture
async def operator(smart_charging: SmartCharging) -> AsyncIterator[Operator]:
    async with operating(smart_charging) as operator:
        operator.version = V21
        yield operator


def dynamic(id: int = 7, **period: object) -> Json:
    schedule = schedule2(startSchedule=None, chargingSchedulePeriod=[{"startPeriod": 0, **period}])
    return profile2(id, "TxProfile", chargingProfileKind="Dynamic", chargingSchedule=[schedule])


async def update(operator: Operator, second: int, answer: str = "Accepted", **limits: float) -> None:
    asked = {"chargingProfileId": 7, "scheduleUpdate": limits}
    await operator.ended(UPDATE, asked, second, answer={"status": answer})


async def pulled(operator: Operator, id: int = 7) -> Json:
    return await operator.call("PullDynamicScheduleUpdate", {"chargingProfileId": id}, 100)


def accepted(**limits: float) -> Json:
    return {"status": "Accepted", "scheduleUpdate": limits}


async def test_a_station_is_sent_the_limits_of_a_profile_that_it_accepted(operator: Operator) -> None:
    await operator.set(1, dynamic(**SETPOINT), 1)

    assert await pulled(operator) == accepted(setpoint=-5000.5)


@pytest.mark.parametrize("id", [6, 8])
async def test_there_is_no_update_of_a_profile_that_is_unknown_or_not_dynamic(
    operator: Operator, id: int
) -> None:
    await operator.set(1, dynamic(limit=10), 1)
    await operator.set(1, profile2(8), 2)

    assert (await pulled(operator, id))["status"] == "Rejected"


async def test_there_is_no_update_of_a_removed_profile(operator: Operator) -> None:
    await operator.set(1, dynamic(limit=10), 1)
    await operator.ended("ClearChargingProfile", {"chargingProfileId": 7}, 2)

    assert (await pulled(operator))["status"] == "Rejected"


async def test_the_newest_of_each_field_counts_in_any_order_and_after_redelivery(
    operator: Operator,
) -> None:
    steps: list[Step] = [
        lambda one: one.set(1, dynamic(limit=10, dischargeLimit=-1), 2),
        lambda one: update(one, 1, limit=99, setpoint=99),
        lambda one: update(one, 3, limit=20, dischargeLimit=-20),
        lambda one: update(one, 4, limit=30.5),
        lambda one: update(one, 5, "Rejected", limit=40),
    ]
    for number, order in enumerate(permutations(steps)):
        one = Operator(operator.smart_charging, operator.http, V21, f"CS{number}")
        for step in [*order, order[0]]:
            await step(one)

        assert await pulled(one) == accepted(limit=30.5, dischargeLimit=-20)
        [listed] = await one.listed()
        [schedule] = listed["chargingProfile"]["chargingSchedule"]
        assert schedule["chargingSchedulePeriod"] == [
            {"startPeriod": 0, "limit": 30.5, "dischargeLimit": -20}
        ]


async def test_a_profile_set_again_is_as_it_was_set(operator: Operator) -> None:
    await operator.set(1, dynamic(limit=10), 1)
    await update(operator, 2, limit=20)
    await operator.set(1, dynamic(limit=15), 3)

    assert await pulled(operator) == accepted(limit=15)


async def test_other_stations_and_profiles_have_updates_of_their_own(operator: Operator) -> None:
    other = Operator(operator.smart_charging, operator.http, V21, "CS2")
    for one in (operator, other):
        await one.set(1, dynamic(limit=10), 1)
    await operator.set(2, dynamic(8, limit=10), 1)

    await update(operator, 2, limit=20)

    assert await pulled(operator) == accepted(limit=20)
    assert await pulled(operator, 8) == await pulled(other) == accepted(limit=10)
    assert at(1) in {one["acceptedAt"] for one in await operator.listed()}
