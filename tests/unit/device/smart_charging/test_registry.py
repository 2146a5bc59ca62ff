from __future__ import annotations

import pytest

from libs.csms.clock import parse_time
from libs.csms.storage.store import Query
from libs.ocpp_messages.event import StationAccessRevoked
from libs.ocpp_messages.version import Version

from .operator import ACCEPTED, Clock, Operator, at
from .profiles import V16, V21, V201, Json, profile2, profile16, schedule2, set2

TX, MAX, EXTERNAL = "TxProfile", "ChargingStationMaxProfile", "ChargingStationExternalConstraints"
CLEAR, GET = "ClearChargingProfile", "GetChargingProfiles"
LOW = {"startPeriod": 0, "limit": 6000}
UNKNOWN, NO_PROFILES = {"status": "Unknown"}, {"status": "NoProfiles"}


async def test_what_a_station_accepted_is_listed_for_its_evse(operator: Operator) -> None:
    profile = profile2(7, stackLevel=3)

    await operator.set(1, profile, 1)

    [known] = await operator.listed(evseId=1)
    assert known == {
        "stationId": "CS1",
        "evseId": 1,
        "id": 7,
        "source": "CSO",
        "purpose": "TxDefaultProfile",
        "stackLevel": 3,
        "acceptedAt": at(1),
        "chargingProfile": profile,
    }
    assert await operator.listed(evseId=2) == []


@pytest.mark.parametrize(
    "answer", [{"status": "Rejected"}, {"status": "NotSupported"}, {"withheld": "x"}, None]
)
async def test_what_a_station_did_not_accept_is_not_listed(operator: Operator, answer: Json | None) -> None:
    operator.version = V16

    await operator.set(1, profile16(), 1, answer=answer)

    assert await operator.known() == []


@pytest.mark.parametrize("answer", [{"withheld": "x"}, None])
async def test_clear_charging_profile_without_an_answer_removes_nothing(
    operator: Operator, answer: Json | None
) -> None:
    operator.version = V16
    await operator.set(1, profile16(), 1)

    await operator.ended(CLEAR, {}, 2, answer=answer)

    assert await operator.known() == [(1, 1, None)]


async def test_a_later_report_counts_and_accepted_profiles_are_not_forgotten(
    operator: Operator,
) -> None:
    await operator.report(1, profile2(7, stackLevel=2), second=2)
    await operator.set(1, profile2(7, stackLevel=1), 1)

    [known] = await operator.listed()
    assert (known["stackLevel"], known["acceptedAt"], known["reportedAt"]) == (2, at(1), at(2))
    assert known["requestId"] == 5


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({"chargingProfileId": 1}, [2, 3, 4]),
        ({"chargingProfileCriteria": {"evseId": 1}}, [1, 2]),
        ({"chargingProfileCriteria": {"evseId": 0}}, [3, 4]),
        ({"chargingProfileCriteria": {"chargingProfilePurpose": "TxDefaultProfile"}}, [1]),
        ({"chargingProfileCriteria": {"stackLevel": 0}}, [4]),
        ({"chargingProfileCriteria": {"evseId": 1, "stackLevel": 0}}, [1, 2, 4]),
    ],
)
@pytest.mark.parametrize("status", ["Accepted", "Unknown"])
async def test_a_profile_that_was_cleared_or_is_unknown_to_the_station_is_removed(
    operator: Operator, asked: Json, left: list[int], status: str
) -> None:
    await operator.set(0, profile2(1, MAX), 1)
    await operator.set(0, profile2(2), 2)
    await operator.set(1, profile2(3), 3)
    await operator.set(1, profile2(4, stackLevel=1), 4)

    await operator.ended(CLEAR, asked, 5, {"status": status})

    assert [one["id"] for one in sorted(await operator.listed(), key=lambda one: one["id"])] == left


async def test_limits_from_outside_are_not_cleared(operator: Operator) -> None:
    operator.version = V21
    await operator.report(0, profile2(-1, EXTERNAL), second=1, source="EMS")
    await operator.report(0, profile2(-2, "LocalGeneration"), second=2, source="EMS")

    await operator.ended(CLEAR, {"chargingProfileCriteria": {"evseId": 0}}, 3)
    await operator.ended(CLEAR, {"chargingProfileId": -1}, 4, UNKNOWN)

    assert await operator.known() == [(0, -2, None), (0, -1, None)]


@pytest.mark.parametrize("version", [V201, V21])
@pytest.mark.parametrize(
    ("released", "left"),
    [({}, [(1, 3)]), ({"evseId": 0}, [(1, 3)]), ({"evseId": 1}, [(0, -1), (1, 3)])],
)
async def test_a_limit_from_outside_ends_with_its_release(
    operator: Operator, version: Version, released: Json, left: list[tuple[int, int]]
) -> None:
    operator.version = version
    await operator.report(0, profile2(-1, EXTERNAL), second=1, source="EMS")
    await operator.report(1, profile2(-2, EXTERNAL), second=1, source="EMS")
    await operator.set(1, profile2(3), 1)

    await operator.call("ClearedChargingLimit", {"chargingLimitSource": "EMS"} | released, 2)
    assert [(evse_id, id) for evse_id, id, _ in await operator.known()] == left

    await operator.report(1, profile2(-2, EXTERNAL), second=3, source="EMS")
    await operator.call("ClearedChargingLimit", {"chargingLimitSource": "EMS"} | released, 2)
    assert (1, -2, None) in await operator.known()


async def test_what_this_csms_has_set_is_no_limit_from_outside(operator: Operator) -> None:
    await operator.set(1, profile2(3), 1)

    await operator.call("ClearedChargingLimit", {"chargingLimitSource": "CSO"}, 2)

    assert await operator.known() == [(1, 3, None)]


async def test_many_releases_of_one_limit_are_kept_as_one(operator: Operator) -> None:
    for second in (2, 4, 3):
        await operator.call("ClearedChargingLimit", {"chargingLimitSource": "EMS"}, second)

    removals = operator.smart_charging.profiles.removals
    times = {one.at for one in (await removals.find(Query({"stationId": "CS1"}, "at"))).items}
    assert times == {parse_time(at(4))}


async def test_the_same_id_replaces_a_profile_of_another_evse(operator: Operator) -> None:
    await operator.set(1, profile2(7), 1)
    await operator.set(2, profile2(7), 2)

    assert await operator.known() == [(2, 7, None)]


async def test_in_1_6_the_same_purpose_and_level_of_a_connector_replaces(operator: Operator) -> None:
    operator.version = V16
    await operator.set(1, profile16(1), 1)
    await operator.set(2, profile16(2), 2)
    await operator.set(1, profile16(3, stackLevel=1), 3)
    await operator.set(1, profile16(4), 4)

    assert await operator.known() == [(1, 3, None), (1, 4, None), (2, 2, None)]


@pytest.mark.parametrize("asked", [{}, {"chargingLimitSource": ["CSO"]}])
async def test_a_profile_that_a_full_report_lacks_is_removed(operator: Operator, asked: Json) -> None:
    for id in (1, 2, 3):
        await operator.set(1, profile2(id, stackLevel=id), id)
    await operator.set(2, profile2(4), 4)

    await operator.ended(GET, {"requestId": 5, "evseId": 1, "chargingProfile": asked}, 5)
    await operator.report(1, profile2(1, stackLevel=1), second=6, tbc=True)
    assert len(await operator.known()) == 4
    await operator.report(1, profile2(3, stackLevel=3), second=7)

    assert await operator.known() == [(1, 1, None), (1, 3, None), (2, 4, None)]


async def test_an_earlier_report_of_the_same_number_does_not_affect_a_later_one(operator: Operator) -> None:
    await operator.report(1, profile2(1), second=1)
    await operator.set(2, profile2(2), 2)

    await operator.ended(GET, {"requestId": 5, "chargingProfile": {}}, 3)

    assert await operator.known() == [(1, 1, None), (2, 2, None)]


async def test_a_profile_that_a_partial_report_lacks_stays(operator: Operator) -> None:
    await operator.set(1, profile2(1), 1)
    await operator.set(1, profile2(2, stackLevel=2), 2)

    await operator.ended(GET, {"requestId": 5, "chargingProfile": {"stackLevel": 0}}, 3)
    await operator.report(1, profile2(1), second=4)
    await operator.ended(GET, {"requestId": 6, "chargingProfile": {"stackLevel": 4}}, 5, NO_PROFILES)

    assert len(await operator.known()) == 2


async def test_a_station_without_profiles_has_none(operator: Operator) -> None:
    await operator.set(1, profile2(1), 1)
    await operator.report(0, profile2(-1, EXTERNAL), second=2, source="EMS")

    asked = {"requestId": 5, "chargingProfile": {"chargingLimitSource": ["CSO"]}}
    await operator.ended(GET, asked, 3, NO_PROFILES)

    assert await operator.known() == [(0, -1, None)]


async def test_another_station_under_the_id_of_a_deleted_one_has_none_of_its_profiles(
    operator: Operator,
) -> None:
    schedule = {"evseId": 1, "duration": 60, "scheduleStart": at(0), "chargingRateUnit": "W"}
    calculated = ACCEPTED | {"schedule": schedule | {"chargingSchedulePeriod": [LOW]}}
    await operator.set(1, profile2(7), 1)
    await operator.ended("GetCompositeSchedule", {"evseId": 1, "duration": 60}, 2, calculated)
    assert await operator.check("a", "SetChargingProfile", set2(2, profile2(8))) is None

    await operator.deleted(3)
    await operator.set(1, profile2(6, stackLevel=6), 2)  # delivered late
    await operator.set(1, profile2(9, stackLevel=9), 4)
    await operator.deleted(3)

    assert await operator.known() == [(1, 9, None)]
    assert await operator.listed("compositeschedules") == []
    assert await operator.check("b", "SetChargingProfile", set2(1, profile2(10))) is None


async def test_a_rejected_station_that_is_not_deleted_keeps_its_profiles(operator: Operator) -> None:
    await operator.set(1, profile2(7), 1)

    await operator.event(StationAccessRevoked(reason="rejected"), 2)

    assert await operator.known() == [(1, 7, None)]


async def test_data_of_removed_profiles_is_deleted_after_a_week(operator: Operator, clock: Clock) -> None:
    operator.version, registry = V21, operator.smart_charging.profiles
    schedule = schedule2(startSchedule=None)
    dynamic = {"chargingProfileKind": "Dynamic", "chargingSchedule": [schedule]}
    for id in (7, 8):
        await operator.set(1, profile2(id, TX, stackLevel=id, **dynamic), id)
        update = {"chargingProfileId": id, "scheduleUpdate": {"limit": 1000 + id}}
        await operator.ended("UpdateDynamicSchedule", update, 10 + id)
    await operator.ended(CLEAR, {"chargingProfileId": 7}, 20)
    await operator.ended(GET, {"requestId": 5, "chargingProfile": {}}, 21)
    week = 7 * 24 * 60

    async def traces(minutes: float) -> list[int]:
        clock.minutes = minutes
        await operator.started("tx-1", 22)
        collections = (
            registry.profiles,
            registry.removals,
            registry.unreported,
            registry.dynamic_schedules,
        )
        return [await collection.count({}) for collection in collections]

    assert await traces(week) == [2, 3, 1, 2]
    assert await traces(week + 0.5) == [1, 0, 0, 1]
    [kept] = await operator.listed()
    [period] = kept["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"]
    assert (kept["id"], period["limit"]) == (8, 1008)
