from __future__ import annotations

import asyncio

import pytest

from libs.ocpp_messages.version import Version

from .operator import Operator
from .profiles import V21, V201, Json

AT = "2026-11-20T11:00:00Z"
SCHEDULE = {
    "id": 1,
    "chargingRateUnit": "W",
    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11000.5}],
}
ACKNOWLEDGED: list[tuple[Version, str, Json, Json]] = [
    (V201, "NotifyChargingLimit", {"chargingLimit": {"chargingLimitSource": "EMS"}, "evseId": 1}, {}),
    (V21, "NotifyChargingLimit", {"chargingLimit": {"chargingLimitSource": "SO"}}, {}),
    (V201, "ClearedChargingLimit", {"chargingLimitSource": "EMS"}, {}),
    (V21, "NotifyPriorityCharging", {"transactionId": "t", "activated": True}, {}),
    (
        V201,
        "NotifyEVChargingSchedule",
        {"timeBase": AT, "evseId": 1, "chargingSchedule": SCHEDULE},
        {"status": "Accepted"},
    ),
]


@pytest.mark.parametrize(("version", "action", "payload", "answer"), ACKNOWLEDGED)
async def test_messages_of_a_station_about_charging_can_be_read_as_received(
    operator: Operator, version: Version, action: str, payload: Json, answer: Json
) -> None:
    operator.version = version

    assert await operator.call(action, payload) == answer

    [message] = await operator.listed("messages", action=action)
    assert (message["payload"], message["ocppVersion"]) == (payload, version.value)


@pytest.mark.parametrize(("version", "status"), [(V201, "Rejected"), (V21, "NoChargingProfile")])
async def test_a_vehicles_needs_are_kept_and_no_profile_is_promised(
    operator: Operator, version: Version, status: str
) -> None:
    operator.version = version
    needs = {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "DC"}}

    assert await operator.call("NotifyEVChargingNeeds", needs) == {"status": status}
    assert len(await operator.listed("messages", action="NotifyEVChargingNeeds")) == 1


def profiles(evse_id: int, *ids: int, tbc: bool = False, request_id: int = 5) -> Json:
    reported = [
        {
            "id": id,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": [SCHEDULE],
        }
        for id in ids
    ]
    payload = {"requestId": request_id, "evseId": evse_id, "chargingLimitSource": "CSO", "tbc": tbc}
    return payload | {"chargingProfile": reported}


@pytest.mark.parametrize("version", [V201, V21])
async def test_a_stations_profiles_are_listed_as_it_reports_them(
    operator: Operator, version: Version
) -> None:
    operator.version = version
    assert await operator.call("ReportChargingProfiles", profiles(1, 7, 8, tbc=True)) == {}
    [receiving] = await operator.listed("reports")
    assert await operator.call("ReportChargingProfiles", profiles(2, 9)) == {}
    [complete] = await operator.listed("reports")

    assert (receiving["status"], complete["status"]) == ("receiving", "complete")
    assert [one["id"] for one in await operator.listed(requestId=5)] == [7, 8, 9]
    [profile] = await operator.listed(evseId=2)
    assert (profile["source"], profile["purpose"], profile["stackLevel"]) == ("CSO", "TxDefaultProfile", 0)
    assert profile["chargingProfile"]["chargingSchedule"] == [SCHEDULE]


async def test_the_same_report_at_once_from_two_deliveries_is_one(operator: Operator) -> None:
    operator.version = V21
    await asyncio.gather(*(operator.call("ReportChargingProfiles", profiles(1, 7)) for _ in range(5)))

    assert len(await operator.listed()) == len(await operator.listed("messages")) == 1
