from __future__ import annotations

from .operator import Operator, at
from .profiles import V16


async def test_a_composite_schedule_is_the_last_one_of_its_evse(operator: Operator) -> None:
    period = [{"startPeriod": 0, "limit": 7000}]
    schedule = {
        "evseId": 1,
        "duration": 600,
        "scheduleStart": at(0),
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": period,
    }
    asked = {"evseId": 1, "duration": 900}
    await operator.ended("GetCompositeSchedule", asked, 2, {"status": "Accepted", "schedule": schedule})
    older = schedule | {"duration": 60}
    await operator.ended("GetCompositeSchedule", asked, 1, {"status": "Accepted", "schedule": older})
    await operator.ended("GetCompositeSchedule", asked, 3, {"status": "Rejected"})
    await operator.ended("GetCompositeSchedule", {"evseId": 0, "duration": 9}, 4, {"status": "Accepted"})

    [known] = await operator.listed("compositeschedules")
    assert known == {
        "stationId": "CS1",
        "evseId": 1,
        "duration": 600,
        "chargingRateUnit": "W",
        "scheduleStart": at(0),
        "receivedAt": at(2),
        "schedule": schedule,
    }
    assert await operator.listed("compositeschedules", evseId=2) == []


async def test_a_composite_schedule_of_1_6(operator: Operator) -> None:
    operator.version = V16
    schedule = {"duration": 60, "chargingRateUnit": "A", "chargingSchedulePeriod": []}
    answer = {"status": "Accepted", "connectorId": 2, "scheduleStart": at(0), "chargingSchedule": schedule}

    await operator.ended("GetCompositeSchedule", {"connectorId": 2, "duration": 60}, 1, answer)

    [known] = await operator.listed("compositeschedules", evseId=2)
    assert (known["scheduleStart"], known["chargingRateUnit"], known["duration"]) == (at(0), "A", 60)
    assert known["schedule"] == schedule
