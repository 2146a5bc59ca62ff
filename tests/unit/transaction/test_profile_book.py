from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import permutations

import httpx
import pytest

from libs.csms.settings import Settings
from libs.csms.web.app import create_app
from libs.ocpp_messages.event import StationAccessRevoked
from libs.ocpp_messages.version import Version
from services.transaction.api import api
from services.transaction.service import Ledger

from .operator import ACCEPTED, Operator, at
from .profiles import V16, V21, V201, periods2, profile2, profile16, schedule2, set2, start2, start16
from .world import Json, Station, token

TX, MAX, EXTERNAL = "TxProfile", "ChargingStationMaxProfile", "ChargingStationExternalConstraints"
CLEAR, GET, START = "ClearChargingProfile", "GetChargingProfiles", "RequestStartTransaction"
LOW = {"startPeriod": 0, "limit": 6000}
UNKNOWN, NO_PROFILES = {"status": "Unknown"}, {"status": "NoProfiles"}

Step = Callable[[Operator, Station], Awaitable[object]]


@pytest.fixture
async def operator(ledger: Ledger) -> AsyncIterator[Operator]:
    transport = httpx.ASGITransport(create_app("x", api(ledger), Settings(_env_file=None)))
    async with httpx.AsyncClient(transport=transport, base_url="http://transaction") as http:
        yield Operator(ledger, http)


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
    await operator.ended(CLEAR, {}, 2, answer=answer)

    assert await operator.known() == []


async def test_what_is_reported_later_counts_and_what_was_accepted_is_not_forgotten(
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
async def test_what_was_cleared_or_is_not_there_is_gone(
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


async def test_a_txprofile_is_gone_with_its_transaction(operator: Operator, ledger: Ledger) -> None:
    station = Station(ledger, V201)
    await station.event("Started", 0, 0, idToken=token(), evse={"id": 1, "connectorId": 1})
    await operator.set(1, profile2(1, TX), 1)
    await operator.set(1, profile2(2, TX, stackLevel=1, transactionId="other"), 2)
    await operator.set(1, profile2(3), 3)
    await station.event("Ended", 1, 1)
    await operator.stopped("tx-1", 4)

    assert await operator.known() == [(1, 2, "other"), (1, 3, None)]


async def test_the_profile_of_a_remote_start_belongs_to_what_it_started(
    operator: Operator, ledger: Ledger
) -> None:
    station = Station(ledger, V201)
    await operator.ended(START, start2(profile2(1, TX, transactionId=None)), -10_000)
    assert await operator.known() == [(0, 1, None)]

    about = {"transactionId": "tx-1", "remoteStartId": 5}
    await station.event("Started", 0, 0, transactionInfo=about, evse={"id": 2, "connectorId": 1})
    await operator.started("tx-1", 2)

    assert await operator.known() == [(2, 1, "tx-1")]


async def test_a_station_may_tell_at_once_which_transaction_it_has_begun(operator: Operator) -> None:
    asked = start2(profile2(1, TX, transactionId=None), evseId=2)

    await operator.ended(START, asked, 1, {"status": "Accepted", "transactionId": "tx-9"})

    assert await operator.known() == [(2, 1, "tx-9")]


async def test_a_remote_start_that_began_nothing_is_forgotten_in_the_end(
    operator: Operator, ledger: Ledger
) -> None:
    station = Station(ledger, V201)
    await operator.ended(START, start2(profile2(1, TX, transactionId=None)), -10_000)
    await station.event("Started", 0, 0, idToken=token(), evse={"id": 2, "connectorId": 1})
    await operator.started("tx-1", 1)

    assert await operator.known() == []


@pytest.mark.parametrize("asked", [{}, {"chargingLimitSource": ["CSO"]}])
async def test_what_a_full_report_does_not_hold_is_gone(operator: Operator, asked: Json) -> None:
    for id in (1, 2, 3):
        await operator.set(1, profile2(id, stackLevel=id), id)
    await operator.set(2, profile2(4), 4)

    await operator.ended(GET, {"requestId": 5, "evseId": 1, "chargingProfile": asked}, 5)
    await operator.report(1, profile2(1, stackLevel=1), second=6, tbc=True)
    assert len(await operator.known()) == 4
    await operator.report(1, profile2(3, stackLevel=3), second=7)

    assert await operator.known() == [(1, 1, None), (1, 3, None), (2, 4, None)]


async def test_an_earlier_report_of_the_same_number_says_nothing_of_later(operator: Operator) -> None:
    await operator.report(1, profile2(1), second=1)
    await operator.set(2, profile2(2), 2)

    await operator.ended(GET, {"requestId": 5, "chargingProfile": {}}, 3)

    assert await operator.known() == [(1, 1, None), (2, 2, None)]


async def test_what_a_report_of_some_does_not_hold_may_still_be_there(operator: Operator) -> None:
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
        lambda operator, _: operator.set(1, profile16(1), 1),
        lambda operator, _: operator.set(1, profile16(2), 2),
        lambda operator, _: operator.ended(CLEAR, {"id": 2}, 3),
        lambda operator, _: operator.set(2, profile16(3, stackLevel=1), 4),
    ]


def cleared_and_set_again() -> list[Step]:
    return [
        lambda operator, _: operator.set(1, profile2(1), 1),
        lambda operator, _: operator.ended(CLEAR, {"chargingProfileId": 1}, 2),
        lambda operator, _: operator.set(2, profile2(1), 3),
        lambda operator, _: operator.set(1, profile2(2, stackLevel=1), 4),
        lambda operator, _: operator.ended(CLEAR, {"chargingProfileCriteria": {"stackLevel": 1}}, 5, UNKNOWN),
    ]


def reported() -> list[Step]:
    asked = {"requestId": 5, "chargingProfile": {}}
    return [
        lambda operator, _: operator.set(1, profile2(1), 1),
        lambda operator, _: operator.set(1, profile2(2, stackLevel=1), 2),
        lambda operator, _: operator.ended(GET, asked, 3),
        lambda operator, _: operator.report(1, profile2(1), second=4),
        lambda operator, _: operator.set(2, profile2(3), 5),
    ]


def a_transaction_that_ended() -> list[Step]:
    async def over(operator: Operator, station: Station) -> None:
        await station.event("Ended", 0, 201, idToken=token(), evse={"id": 1, "connectorId": 1})
        await operator.stopped("tx-1", 3)

    return [
        lambda operator, _: operator.set(1, profile2(1, TX), 1),
        lambda operator, _: operator.set(1, profile2(2), 2),
        over,
    ]


def a_remote_start_that_was_reported() -> list[Step]:
    asked = start2(profile2(1, TX, transactionId=None), evseId=1)
    about = {"transactionId": "tx-1", "remoteStartId": 5}

    async def begun(operator: Operator, station: Station) -> None:
        await station.event("Started", 0, 200, transactionInfo=about, evse={"id": 1, "connectorId": 1})
        await operator.started("tx-1", 2)

    return [
        lambda operator, _: operator.ended(START, asked, 1),
        begun,
        lambda operator, _: operator.report(1, profile2(1, TX, transactionId=None), second=3),
    ]


def a_remote_start_16() -> list[Step]:
    asked = start16(profile16(1, TX))

    async def begun(operator: Operator, station: Station) -> None:
        started = await station.start(timestamp=at(5))
        await operator.started(str(started["transactionId"]), 6)

    return [lambda operator, _: operator.ended("RemoteStartTransaction", asked, 1), begun]


def a_remote_start_that_ended() -> list[Step]:
    about = {"transactionId": "tx-1", "remoteStartId": 5}
    asked = start2(profile2(1, TX, transactionId=None), evseId=1)

    async def begun(operator: Operator, station: Station) -> None:
        await station.event(
            "Started", 0, 200, transactionInfo=about, idToken=token(), evse={"id": 1, "connectorId": 1}
        )
        await operator.started("tx-1", 2)

    async def over(operator: Operator, station: Station) -> None:
        await station.event("Ended", 1, 201)
        await operator.stopped("tx-1", 3)

    return [lambda operator, _: operator.ended(START, asked, 1), begun, over]


@pytest.mark.parametrize(
    ("story", "version", "known"),
    [
        (replaced_in_1_6, V16, [(2, 3, None)]),
        (cleared_and_set_again, V201, [(2, 1, None)]),
        (reported, V201, [(1, 1, None), (2, 3, None)]),
        (a_remote_start_that_ended, V201, []),
        (a_remote_start_that_was_reported, V201, [(1, 1, "tx-1")]),
        (a_transaction_that_ended, V201, [(1, 2, None)]),
    ],
)
async def test_the_book_is_the_same_in_any_order_and_however_often_it_is_told(
    operator: Operator,
    story: Callable[[], list[Step]],
    version: Version,
    known: list[tuple[int, int, str | None]],
) -> None:
    operator.version = version
    for number, order in enumerate(permutations(story())):
        operator.id = f"CS{number}"
        for step in (*order, order[0]):
            await step(operator, Station(operator.ledger, version, operator.id))

        assert await operator.known() == known, number


@pytest.mark.parametrize("order", [1, -1])
async def test_a_remote_start_of_1_6_belongs_to_the_next_transaction_of_its_token(
    operator: Operator, ledger: Ledger, order: int
) -> None:
    operator.version, station = V16, Station(ledger, V16)
    before = await station.start(connectorId=1)
    for step in a_remote_start_16()[::order]:
        await step(operator, station)
        await operator.started(str(before["transactionId"]), 9)

    [(connector_id, id, transaction_id)] = await operator.known()
    assert (connector_id, id) == (1, 1)
    assert transaction_id not in (None, str(before["transactionId"]))


async def test_all_of_it_at_once(operator: Operator) -> None:
    steps = [step(operator, Station(operator.ledger, V201)) for step in cleared_and_set_again() * 3]

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
async def test_a_vehicles_schedule_is_compared_with_the_ruling_profile_of_its_evse(
    operator: Operator, version: Version
) -> None:
    operator.version = version

    async def answered(limit: float, evse_id: int = 1, second: int = 5) -> str:
        chosen = schedule2(chargingSchedulePeriod=[{"startPeriod": 0, "limit": limit}])
        told = {"timeBase": at(second), "evseId": evse_id, "chargingSchedule": chosen}
        return str((await operator.call("NotifyEVChargingSchedule", told, second))["status"])

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
    assert (await operator.propose("a", "SetChargingProfile", set2(2, profile2(8)))).status_code == 204

    await operator.deleted(3)
    await operator.set(1, profile2(6, stackLevel=6), 2)  # heard late
    await operator.set(1, profile2(9, stackLevel=9), 4)
    await operator.deleted(3)

    assert await operator.known() == [(1, 9, None)]
    schedules = await operator.http.get("/chargingstations/CS1/compositeschedules")
    assert schedules.json()["items"] == []
    answer = await operator.propose("b", "SetChargingProfile", set2(1, profile2(10)))
    assert answer.status_code == 204


async def test_a_dismissed_station_that_is_not_deleted_keeps_its_profiles(operator: Operator) -> None:
    await operator.set(1, profile2(7), 1)

    await operator.event(StationAccessRevoked(reason="rejected"), 2)

    assert await operator.known() == [(1, 7, None)]


@pytest.mark.parametrize("is_known_first", [True, False])
async def test_one_of_16_that_names_no_transaction_is_over_with_the_one_on_its_connector(
    operator: Operator, station16: Station, is_known_first: bool
) -> None:
    operator.version = V16
    await station16.start(connectorId=2)
    id = (await station16.start(timestamp=at(0)))["transactionId"]
    profile = profile16(7, TX, chargingProfileKind="Relative")
    if is_known_first:
        await operator.set(1, profile, 1)
        assert await operator.known() == [(1, 7, str(id))]

    await station16.stop(id, timestamp=at(60))
    await operator.stopped(str(id), 60)
    if not is_known_first:
        await operator.set(1, profile, 1)

    assert await operator.known() == []
