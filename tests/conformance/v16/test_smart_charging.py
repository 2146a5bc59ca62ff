"""The smart charging cases of OCPP 1.6."""

from __future__ import annotations

from typing import Any

from ..case import case
from ..operator import Operator
from .charging import ACCEPTED, Charging, Json, eventually, now

SCHEDULE = {
    "chargingRateUnit": "A",
    "chargingSchedulePeriod": [
        {"startPeriod": 0, "limit": 16.1, "numberPhases": 3},
        {"startPeriod": 600, "limit": 6.0},
    ],
}


def profile(id: int, purpose: str, **more: Any) -> Json:
    return {
        "chargingProfileId": id,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {"duration": 3600, "startSchedule": now()} | SCHEDULE,
    } | more


async def set_profile(operator: Operator, connector: int, asked: Json) -> Any:
    """The station accepts it, and the CSMS keeps it."""
    await operator.tell(
        "SetChargingProfile", {"connectorId": connector, "csChargingProfiles": asked}, ACCEPTED
    )
    [kept] = await until_kept(operator, connector, asked["chargingProfileId"])
    purpose = asked["chargingProfilePurpose"]
    assert (kept["stationId"], kept["evseId"], kept["purpose"]) == (operator.station.id, connector, purpose)
    assert kept["stackLevel"] == asked["stackLevel"]
    return kept


async def until_kept(operator: Operator, connector: int, *ids: int) -> list[Any]:
    """The profiles of a connector that the CSMS keeps, once they are these."""
    path = f"chargingprofiles?evseId={connector}"
    return await eventually(
        lambda: operator.listed(path), lambda kept: [one["id"] for one in kept] == list(ids)
    )


@case("TC_056_CSMS")
async def test_a_default_profile_limits_the_transactions_to_come(session: Charging) -> None:
    kept = await set_profile(session.operator, 1, profile(56, "TxDefaultProfile"))
    assert "transactionId" not in kept
    await session.charging()


@case("TC_057_CSMS")
async def test_a_profile_limits_the_transaction_that_is_under_way(session: Charging) -> None:
    await session.charging()
    asked = profile(57, "TxProfile", transactionId=session.transaction_id)
    kept = await set_profile(session.operator, 1, asked)
    assert kept["transactionId"] == str(session.transaction_id)
    await session.meter(100)


@case("TC_059_CSMS")
async def test_a_remote_start_brings_its_charging_profile(session: Charging) -> None:
    start = {"idTag": session.tag, "connectorId": 1, "chargingProfile": profile(59, "TxProfile")}
    await session.operator.tell("RemoteStartTransaction", start, ACCEPTED)
    await session.charging()


@case("TC_066_CSMS")
async def test_the_operator_reads_the_composite_schedule(session: Charging) -> None:
    await set_profile(session.operator, 1, profile(66, "TxDefaultProfile"))
    asked = {"connectorId": 1, "duration": 300, "chargingRateUnit": "A"}
    schedule = {"duration": 300, "startSchedule": now(), **SCHEDULE}
    answer = {"connectorId": 1, "scheduleStart": now(), "chargingSchedule": schedule}
    await session.operator.tell("GetCompositeSchedule", asked, ACCEPTED | answer)


@case("TC_067_CSMS")
async def test_a_charging_profile_that_is_cleared_is_kept_no_longer(operator: Operator) -> None:
    for id, connector in ((67, 1), (68, 2)):
        await set_profile(operator, connector, profile(id, "TxDefaultProfile"))
    await operator.tell("ClearChargingProfile", {"id": 67}, ACCEPTED)
    await until_kept(operator, 1)
    await until_kept(operator, 2, 68)
    criteria = {"connectorId": 2, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}
    await operator.tell("ClearChargingProfile", criteria, ACCEPTED)
    await until_kept(operator, 2)
