from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import permutations

import pytest

from libs.ocpp_messages.event import StationAccessRevoked
from libs.ocpp_messages.version import Version

from .operator import ACCEPTED, Clock, Operator, at
from .profiles import V16, V21, V201, Json, periods2, profile2, profile16, schedule2, set2, start2, start16

TX, MAX, EXTERNAL = "TxProfile", "ChargingStationMaxProfile", "ChargingStationExternalConstraints"
CLEAR, GET, START = "ClearChargingProfile", "GetChargingProfiles", "RequestStartTransaction"
LOW = {"startPeriod": 0, "limit": 6000}
UNKNOWN, NO_PROFILES = {"status": "Unknown"}, {"status": "NoProfiles"}

Step = Callable[[Operator], Awaitable[object]]


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


async def test_a_txprofile_is_gone_with_its_transaction(operator: Operator) -> None:
    await operator.started("tx-1", 0, evse_id=1, connector_id=1)
    await operator.set(1, profile2(1, TX), 1)
    await operator.set(1, profile2(2, TX, stackLevel=1, transactionId="other"), 2)
    await operator.set(1, profile2(3), 3)
    await operator.stopped("tx-1", 4)

    assert await operator.known() == [(1, 2, "other"), (1, 3, None)]


async def test_the_profile_of_a_remote_start_belongs_to_what_it_started(operator: Operator) -> None:
    await operator.ended(START, start2(profile2(1, TX, transactionId=None)), -10_000)
    assert await operator.known() == [(0, 1, None)]

    await operator.started("tx-1", 2, start=-7_200, remote_start_id=5, evse_id=2, connector_id=1)

    assert await operator.known() == [(2, 1, "tx-1")]


async def test_a_station_may_answer_with_the_transaction_that_it_has_started(operator: Operator) -> None:
    asked = start2(profile2(1, TX, transactionId=None), evseId=2)

    await operator.ended(START, asked, 1, {"status": "Accepted", "transactionId": "tx-9"})

    assert await operator.known() == [(2, 1, "tx-9")]


async def test_the_profile_of_a_remote_start_without_a_transaction_is_removed_in_the_end(
    operator: Operator,
) -> None:
    await operator.ended(START, start2(profile2(1, TX, transactionId=None)), -10_000)
    await operator.started("tx-1", 1, start=-7_200, id_token="TAG", evse_id=2, connector_id=1)

    assert await operator.known() == []


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


def replaced_in_1_6() -> list[Step]:
    return [
        lambda operator: operator.set(1, profile16(1), 1),
        lambda operator: operator.set(1, profile16(2), 2),
        lambda operator: operator.ended(CLEAR, {"id": 2}, 3),
        lambda operator: operator.set(2, profile16(3, stackLevel=1), 4),
    ]


def cleared_and_set_again() -> list[Step]:
    return [
        lambda operator: operator.set(1, profile2(1), 1),
        lambda operator: operator.ended(CLEAR, {"chargingProfileId": 1}, 2),
        lambda operator: operator.set(2, profile2(1), 3),
        lambda operator: operator.set(1, profile2(2, stackLevel=1), 4),
        lambda operator: operator.ended(CLEAR, {"chargingProfileCriteria": {"stackLevel": 1}}, 5, UNKNOWN),
    ]


def reported() -> list[Step]:
    asked = {"requestId": 5, "chargingProfile": {}}
    return [
        lambda operator: operator.set(1, profile2(1), 1),
        lambda operator: operator.set(1, profile2(2, stackLevel=1), 2),
        lambda operator: operator.ended(GET, asked, 3),
        lambda operator: operator.report(1, profile2(1), second=4),
        lambda operator: operator.set(2, profile2(3), 5),
    ]


def a_transaction_that_ended() -> list[Step]:
    return [
        lambda operator: operator.set(1, profile2(1, TX), 1),
        lambda operator: operator.set(1, profile2(2), 2),
        lambda operator: operator.stopped("tx-1", 3),
    ]


def a_remote_start_that_was_reported() -> list[Step]:
    asked = start2(profile2(1, TX, transactionId=None), evseId=1)
    return [
        lambda operator: operator.ended(START, asked, 1),
        lambda operator: operator.started("tx-1", 2, remote_start_id=5, evse_id=1),
        lambda operator: operator.report(1, profile2(1, TX, transactionId=None), second=3),
    ]


def a_remote_start_16() -> list[Step]:
    asked = start16(profile16(1, TX))
    return [
        lambda operator: operator.ended("RemoteStartTransaction", asked, 1),
        lambda operator: operator.started("17", 6, start=5, connector_id=1, id_token="Tag"),
    ]


def a_remote_start_that_ended() -> list[Step]:
    asked = start2(profile2(1, TX, transactionId=None), evseId=1)
    return [
        lambda operator: operator.ended(START, asked, 1),
        lambda operator: operator.started("tx-1", 2, remote_start_id=5, evse_id=1),
        lambda operator: operator.stopped("tx-1", 3),
    ]


def a_profile_of_16_that_names_no_transaction() -> list[Step]:
    profile = profile16(7, TX, chargingProfileKind="Relative")
    return [
        lambda operator: operator.started("17", 1, start=0, connector_id=1, id_token="Tag"),
        lambda operator: operator.set(1, profile, 2),
        lambda operator: operator.started("18", 3, connector_id=2, id_token="Tag"),
    ]


def a_profile_of_16_whose_transaction_ended() -> list[Step]:
    return [
        *a_profile_of_16_that_names_no_transaction()[:2],
        lambda operator: operator.stopped("17", 60),
    ]


@pytest.mark.parametrize(
    ("story", "version", "known"),
    [
        (replaced_in_1_6, V16, [(2, 3, None)]),
        (a_remote_start_16, V16, [(1, 1, "17")]),
        (a_profile_of_16_that_names_no_transaction, V16, [(1, 7, "17")]),
        (a_profile_of_16_whose_transaction_ended, V16, []),
        (cleared_and_set_again, V201, [(2, 1, None)]),
        (reported, V201, [(1, 1, None), (2, 3, None)]),
        (a_remote_start_that_ended, V201, []),
        (a_remote_start_that_was_reported, V201, [(1, 1, "tx-1")]),
        (a_transaction_that_ended, V201, [(1, 2, None)]),
    ],
)
async def test_the_registry_is_the_same_in_any_order_and_after_redelivery(
    operator: Operator,
    story: Callable[[], list[Step]],
    version: Version,
    known: list[tuple[int, int, str | None]],
) -> None:
    operator.version = version
    for number, order in enumerate(permutations(story())):
        operator.id = f"CS{number}"
        for step in (*order, order[0]):
            await step(operator)

        assert await operator.known() == known, number


@pytest.mark.parametrize("order", [1, -1])
async def test_a_remote_start_of_1_6_belongs_to_the_next_transaction_of_its_token(
    operator: Operator, order: int
) -> None:
    operator.version = V16
    for step in a_remote_start_16()[::order]:
        await step(operator)
        await operator.started("16", 9, start=-7_200, connector_id=1, id_token="TAG")

    assert await operator.known() == [(1, 1, "17")]


async def test_concurrent_events_give_the_same_registry(operator: Operator) -> None:
    steps = [step(operator) for step in cleared_and_set_again() * 3]

    await asyncio.gather(*steps)

    assert await operator.known() == [(2, 1, None)]


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


@pytest.mark.parametrize("is_known_first", [True, False])
async def test_a_profile_of_1_6_without_a_transaction_id_ends_with_the_transaction_on_its_connector(
    operator: Operator, is_known_first: bool
) -> None:
    operator.version = V16
    await operator.started("16", -7_200, connector_id=2)
    await operator.started("17", 0, connector_id=1)
    profile = profile16(7, TX, chargingProfileKind="Relative")
    if is_known_first:
        await operator.set(1, profile, 1)
        assert await operator.known() == [(1, 7, "17")]

    await operator.stopped("17", 60)
    if not is_known_first:
        await operator.set(1, profile, 1)

    assert await operator.known() == []


async def test_the_end_of_a_transaction_while_its_start_is_handled_is_not_missed(operator: Operator) -> None:
    for number in range(20):
        operator.id = f"CS{number}"
        await operator.ended(START, start2(profile2(1, TX, transactionId=None), evseId=1), 1)

        await asyncio.gather(
            operator.started("tx-1", 2, remote_start_id=5, evse_id=1), operator.stopped("tx-1", 3)
        )

        assert await operator.known() == []


async def test_a_profile_of_16_is_not_for_a_transaction_of_the_next_day(operator: Operator) -> None:
    operator.version = V16
    await operator.set(1, profile16(7, TX), -86_400)

    await operator.started("17", 0, connector_id=1)

    assert await operator.known() == []


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
