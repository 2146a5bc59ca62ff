"""K Smart charging: which profiles a station has (K09), and limits that others set (K12, K13)."""

from __future__ import annotations

from typing import Any

import pytest

from ..case import case
from ..operator import Operator
from .profiles import DEFAULT, EXTERNAL, MAXIMUM, has_profiles, profile, report, schedule
from .visit import ACCEPTED, Json, Visit

AT_STATION = (0, profile(1, MAXIMUM, 8))
AT_1 = (1, profile(2, DEFAULT, 6, stackLevel=1))
AT_2 = (2, profile(3, DEFAULT, 6))
BY_OTHERS = (1, profile(4, EXTERNAL, 10))


async def ask_for_profiles(operator: Operator, asked: Json, *reported: tuple[int, Json], **more: Any) -> None:
    """The station reports these, and that none follow with the last."""
    await operator.tell("GetChargingProfiles", {"requestId": 9} | asked, ACCEPTED)
    for number, (evse_id, one) in enumerate(reported, 1):
        await report(operator, 9, evse_id, one, **more | ({"tbc": True} if number < len(reported) else {}))

    await has_profiles(operator, *reported)
    [noted] = await operator.listed("reports")
    assert (noted["requestId"], noted["status"]) == (9, "complete")


@case("TC_K_29_CSMS")
async def test_which_profiles_the_station_has_as_a_whole(operator: Operator, tag: str) -> None:
    await Visit(operator, tag).begin()

    asked = {"evseId": 0, "chargingProfile": {"chargingProfilePurpose": MAXIMUM}}
    await ask_for_profiles(operator, asked, AT_STATION)


@pytest.mark.parametrize(
    ("evse", "criterion", "reported"),
    [
        ({"evseId": 1}, {"chargingProfilePurpose": DEFAULT}, [AT_1]),
        ({}, {"chargingProfilePurpose": DEFAULT}, [AT_1, AT_2]),
        ({}, {"chargingProfileId": [2]}, [AT_1]),
        ({"evseId": 1}, {"stackLevel": 1}, [AT_1]),
        ({"evseId": 2}, {"chargingProfilePurpose": DEFAULT}, [AT_2]),
        ({"evseId": 1}, {"chargingProfilePurpose": DEFAULT, "stackLevel": 1}, [AT_1]),
    ],
    ids=["evse", "no-evse", "id", "level", "purpose", "purpose-and-level"],
)
@case("TC_K_30_CSMS", "TC_K_31_CSMS", "TC_K_32_CSMS", "TC_K_33_CSMS", "TC_K_35_CSMS", "TC_K_36_CSMS")
async def test_which_profiles_there_are(
    operator: Operator, evse: Json, criterion: Json, reported: list[tuple[int, Json]]
) -> None:
    await ask_for_profiles(operator, evse | {"chargingProfile": criterion}, *reported)


@case("TC_K_34_CSMS")
async def test_which_profiles_are_from_one_source(operator: Operator) -> None:
    asked = {"evseId": 1, "chargingProfile": {"chargingLimitSource": ["EMS"]}}
    await ask_for_profiles(operator, asked, BY_OTHERS, chargingLimitSource="EMS")

    [known] = await operator.listed("chargingprofiles")
    assert known["source"] == "EMS"


@case("TC_K_52_CSMS")
async def test_limits_that_others_set_are_in_the_report(operator: Operator) -> None:
    asked = {"chargingProfile": {"chargingProfilePurpose": EXTERNAL}}
    await ask_for_profiles(operator, asked, BY_OTHERS, chargingLimitSource="EMS")

    [known] = await operator.listed("chargingprofiles")
    assert (known["source"], known["purpose"]) == ("EMS", EXTERNAL)


@case("TC_K_48_CSMS")
async def test_others_set_a_limit(operator: Operator) -> None:
    limit = {"chargingLimitSource": "EMS", "isGridCritical": False}
    payload = {"evseId": 1, "chargingLimit": limit, "chargingSchedule": [schedule(10)]}

    assert await operator.station.call("NotifyChargingLimit", payload) == {}

    [notice] = await operator.listed("messages?action=NotifyChargingLimit")
    assert notice["payload"] == payload


@pytest.mark.parametrize("while_charging", [False, True])
@case("TC_K_50_CSMS", "TC_K_51_CSMS")
async def test_others_release_their_limit(operator: Operator, tag: str, while_charging: bool) -> None:
    visit = Visit(operator, tag)
    if while_charging:
        await visit.begin()
    evse_id, limit = BY_OTHERS
    await report(operator, 9, evse_id, limit, chargingLimitSource="EMS")
    await has_profiles(operator, BY_OTHERS)

    payload = {"chargingLimitSource": "EMS", "evseId": 1}
    assert await operator.station.call("ClearedChargingLimit", payload) == {}
    [notice] = await operator.listed("messages?action=ClearedChargingLimit")
    assert notice["payload"] == payload
    await has_profiles(operator)

    if while_charging:
        assert await visit.event("ChargingRateChanged", info={"chargingState": "Charging"}) == {}
        assert (await visit.known())["active"]
