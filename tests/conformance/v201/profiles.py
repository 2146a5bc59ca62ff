"""Charging profiles as a tester's operator sends them, and what the CSMS then knows of them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from ..operator import Operator
from .visit import ACCEPTED, Json, now, until

DEFAULT, MAXIMUM, OF_TRANSACTION = "TxDefaultProfile", "ChargingStationMaxProfile", "TxProfile"
EXTERNAL = "ChargingStationExternalConstraints"


def schedule(limit: float, **more: Any) -> Json:
    """One period of five minutes, in ampere."""
    period = {"startPeriod": 0, "limit": limit, "numberPhases": 1}
    return {"id": 1, "chargingRateUnit": "A", "duration": 300, "chargingSchedulePeriod": [period]} | more


def profile(id: int, purpose: str, limit: float, **more: Any) -> Json:
    """From now on for five minutes."""
    start = now()
    return {
        "id": id,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "validFrom": start,
        "validTo": now(300),
        "chargingSchedule": [schedule(limit, startSchedule=start)],
    } | more


def relative(id: int, limit: float, **more: Any) -> Json:
    """For a transaction, from its start on."""
    return {
        "id": id,
        "stackLevel": 0,
        "chargingProfilePurpose": OF_TRANSACTION,
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule(limit)],
    } | more


async def set_profile(operator: Operator, evse_id: int, wanted: Json) -> None:
    """The station accepts it."""
    await operator.tell("SetChargingProfile", {"evseId": evse_id, "chargingProfile": wanted}, ACCEPTED)


async def has_profiles(operator: Operator, *expected: tuple[int, Json]) -> None:
    """Soon the CSMS shows these profiles of the station, by EVSE, and no other."""
    wanted = sorted(expected, key=lambda one: (one[0], one[1]["id"]))

    async def known() -> list[tuple[int, Json]]:
        found = await operator.listed("chargingprofiles")
        shown = [(one["evseId"], one["chargingProfile"]) for one in found]
        return sorted(shown, key=lambda one: (one[0], one[1]["id"]))

    async def look() -> bool:
        return await known() == wanted

    with suppress(TimeoutError):
        await until(look)
    assert (shown := await known()) == wanted, shown


async def report(operator: Operator, request_id: int, evse_id: int, reported: Json, **more: Any) -> None:
    """A station reports a profile that it has."""
    payload = {
        "requestId": request_id,
        "chargingLimitSource": "CSO",
        "evseId": evse_id,
        "chargingProfile": [reported],
    }
    assert await operator.station.call("ReportChargingProfiles", payload | more) == {}
