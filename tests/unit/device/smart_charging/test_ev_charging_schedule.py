from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from libs.ocpp_messages.version import Version
from services.device.smart_charging.offered import SentCommand

from .operator import NOW, Commands, Operator, at
from .profiles import V21, V201, Json, periods2, profile2, schedule2, set2

TX = "TxProfile"
LOW = {"startPeriod": 0, "limit": 6000}


@pytest.mark.parametrize("version", [V201, V21])
async def test_a_vehicles_schedule_is_compared_with_the_active_profile_of_its_evse(
    operator: Operator, version: Version
) -> None:
    operator.version = version

    async def answered(limit: float, evse_id: int = 1, second: int = 5) -> str:
        chosen = schedule2(chargingSchedulePeriod=[{"startPeriod": 0, "limit": limit}])
        payload = {"timeBase": at(second), "evseId": evse_id, "chargingSchedule": chosen}
        return str((await operator.call("NotifyEVChargingSchedule", payload, second))["status"])

    assert await answered(99_000) == "Accepted"
    await operator.set(1, profile2(1, TX), 1)
    await operator.set(1, profile2(2, TX, stackLevel=1, validTo=at(20), chargingSchedule=periods2(LOW)), 2)
    await operator.set(2, profile2(3, "TxDefaultProfile", chargingSchedule=periods2(LOW)), 2)

    assert [await answered(limit) for limit in (6_000, 6_000.5)] == ["Accepted", "Rejected"]
    assert [await answered(limit, second=21) for limit in (11_000, 11_001)] == ["Accepted", "Rejected"]
    assert await answered(11_001, evse_id=2) == "Accepted"
    await operator.stopped("tx-1", 30)
    assert await answered(99_000, second=40) == "Accepted"


def wanted(limit: float, second: int = 5) -> Json:
    chosen = schedule2(chargingSchedulePeriod=[{"startPeriod": 0, "limit": limit}])
    return {"timeBase": at(second), "evseId": 1, "chargingSchedule": chosen}


def limited(limit: float, **changes: Any) -> Json:
    return profile2(1, TX, chargingSchedule=periods2({"startPeriod": 0, "limit": limit}), **changes)


async def answered(operator: Operator, limit: float, second: int = 5) -> str:
    return str((await operator.call("NotifyEVChargingSchedule", wanted(limit, second), second))["status"])


async def sent(
    operator: Operator, commands: Commands, id: str, profile: Json, *, is_open: bool = True, status: str = ""
) -> None:
    """A SetChargingProfile, of which this is stored."""
    payload = set2(1, profile)
    assert await operator.check(id, "SetChargingProfile", payload) is None
    answered_at = None if is_open else NOW + timedelta(seconds=3)
    commands.by_id[id] = SentCommand(payload, is_open, status, answered_at)


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("is_recorded_first", [True, False])
async def test_a_raised_profile_counts_before_the_registry_has_it(
    operator: Operator, commands: Commands, is_open: bool, is_recorded_first: bool
) -> None:
    await operator.set(1, limited(6_000), 1)
    raised = limited(11_000)
    await sent(operator, commands, "raise", raised, is_open=is_open, status="" if is_open else "Accepted")
    if is_recorded_first:
        await operator.set(1, raised, 3, id="raise")

    assert await answered(operator, 11_000) == "Accepted"
    assert await answered(operator, 11_001) == "Rejected"
    if not is_recorded_first:
        await operator.set(1, raised, 3, id="raise")
        assert await answered(operator, 11_000, 7) == "Accepted"


async def test_a_profile_that_is_only_on_its_way_does_not_lower_what_is_there(
    operator: Operator, commands: Commands
) -> None:
    await operator.set(1, limited(11_000), 1)
    await sent(operator, commands, "lower", limited(6_000))

    assert await answered(operator, 11_000) == "Accepted"


async def test_a_lowered_profile_that_was_accepted_counts_before_the_registry_has_it(
    operator: Operator, commands: Commands
) -> None:
    await operator.set(1, limited(11_000), 1)
    await sent(operator, commands, "lower", limited(6_000), is_open=False, status="Accepted")

    assert await answered(operator, 11_000) == "Rejected"


async def test_a_profile_that_the_station_rejected_does_not_count(
    operator: Operator, commands: Commands
) -> None:
    await operator.set(1, limited(6_000), 1)
    await sent(operator, commands, "raise", limited(11_000), is_open=False, status="Rejected")

    assert await answered(operator, 11_000) == "Rejected"


async def test_the_first_profile_on_its_way_limits_nothing_yet(
    operator: Operator, commands: Commands
) -> None:
    await sent(operator, commands, "first", limited(6_000))

    assert await answered(operator, 11_000) == "Accepted"


async def test_the_same_schedule_delivered_twice_is_answered_alike(operator: Operator) -> None:
    await operator.set(1, limited(6_000), 1)
    assert await answered(operator, 11_000) == "Rejected"
    await operator.set(1, limited(11_000), 6)

    assert await answered(operator, 11_000) == "Rejected"
    assert await answered(operator, 11_000, 8) == "Accepted"
