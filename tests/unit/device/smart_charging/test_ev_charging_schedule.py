from __future__ import annotations

import pytest

from libs.ocpp_messages.version import Version

from .operator import Operator, at
from .profiles import V21, V201, periods2, profile2, schedule2

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
