from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from libs.csms.clients.stations import command_id
from libs.csms.errors import Conflict, TooMany, Unavailable
from libs.ocpp_messages.version import Version
from services.device.smart_charging.offered import SentCommand
from services.device.smart_charging.service import SmartCharging

from .operator import Clock, Commands, Operator, at, operating
from .profiles import V21, V201, Json, profile2, schedule2

TX = "TxProfile"
AC = {"energyAmount": 20_000, "evMinCurrent": 6, "evMaxCurrent": 16, "evMaxVoltage": 400}
THREE_PHASES = {"requestedEnergyTransfer": "AC_three_phase", "acChargingParameters": AC}
UNKNOWN: Json = {"requestedEnergyTransfer": "DC"}
ISO_15118_20: Json = {
    "requestedEnergyTransfer": "DC_BPT",
    "controlMode": "DynamicControl",
    "v2xChargingParameters": {},
}
OUR_ID = 1_000_000_001


@pytest.fixture(params=[V201, V21])
async def operator(smart_charging: SmartCharging, request: pytest.FixtureRequest) -> AsyncIterator[Operator]:
    async with operating(smart_charging) as operator:
        operator.version = request.param
        yield operator


async def needed(operator: Operator, needs: Json = THREE_PHASES, second: int = 1, evse_id: int = 1) -> str:
    payload = {"evseId": evse_id, "chargingNeeds": needs}
    return str((await operator.call("NotifyEVChargingNeeds", payload, second))["status"])


async def chosen(operator: Operator, limit: float, second: int, unit: str = "A") -> str:
    schedule = schedule2(
        chargingRateUnit=unit, chargingSchedulePeriod=[{"startPeriod": 0, "limit": limit}], startSchedule=None
    )
    payload = {"timeBase": at(second), "evseId": 1, "chargingSchedule": schedule}
    return str((await operator.call("NotifyEVChargingSchedule", payload, second))["status"])


async def offer(operator: Operator, clock: Clock, second: float = 1) -> None:
    """What is due so many seconds after the beginning of the test is sent."""
    clock.minutes = second / 60
    await operator.smart_charging.negotiations.offer()


async def taken(operator: Operator, commands: Commands, second: int, status: str = "Accepted") -> None:
    """The station has answered the last command."""
    last = commands.sent[-1]
    id = command_id(last.station_id, last.key)
    await operator.ended(last.action, last.payload, second, {"status": status}, id)


async def shown(operator: Operator) -> Json:
    [known] = await operator.listed("evchargingneeds")
    return known


async def test_a_vehicle_is_offered_what_it_and_the_evse_can_do(
    operator: Operator, commands: Commands, clock: Clock
) -> None:
    await operator.started("tx-1", 0, evse_id=1)

    assert await needed(operator) == "Accepted"
    assert commands.sent == []
    await offer(operator, clock)

    [sent] = commands.sent
    period = {"startPeriod": 0, "limit": 16, "numberPhases": 3}
    profile = {
        "id": OUR_ID,
        "stackLevel": 0,
        "chargingProfilePurpose": TX,
        "chargingProfileKind": "Relative",
        "chargingSchedule": [{"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]}],
        "transactionId": "tx-1",
    }
    assert (sent.action, sent.ttl) == ("SetChargingProfile", 60)
    assert sent.payload == {"evseId": 1, "chargingProfile": profile}
    assert await operator.check("a", "SetChargingProfile", sent.payload) is None


async def test_rest_shows_what_a_vehicle_needs_was_offered_and_has_chosen(
    operator: Operator, commands: Commands, clock: Clock
) -> None:
    await operator.started("tx-1", 0, evse_id=1)
    await needed(operator)
    await offer(operator, clock)
    await taken(operator, commands, 2)
    assert await chosen(operator, 10, 3) == "Accepted"

    known = await shown(operator)
    needs, schedule = known.pop("chargingNeeds"), known.pop("chargingSchedule")
    assert known == {
        "stationId": "CS1",
        "evseId": 1,
        "needsReceivedAt": at(1),
        "needsStatus": "Accepted",
        "offers": 0,
        "transactionId": "tx-1",
        "chargingProfileId": OUR_ID,
        "commandId": command_id("CS1", commands.sent[0].key),
        "offerStatus": "Accepted",
        "scheduleReceivedAt": at(3),
        "scheduleStatus": "Accepted",
    }
    assert needs["chargingNeeds"] == THREE_PHASES
    assert schedule["chargingSchedule"]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 10}]


async def test_a_profile_waits_for_the_transaction_that_it_is_for(
    operator: Operator, commands: Commands, clock: Clock
) -> None:
    assert await needed(operator) == "Processing"
    await offer(operator, clock)
    assert commands.sent == []

    await operator.started("tx-1", 2, evse_id=1)
    await offer(operator, clock, 3)

    assert [one.payload["chargingProfile"]["transactionId"] for one in commands.sent] == ["tx-1"]


async def test_without_a_transaction_no_profile_is_sent(
    operator: Operator, commands: Commands, clock: Clock
) -> None:
    await operator.started("tx-1", 0, evse_id=1)
    await operator.stopped("tx-1", 1)
    await needed(operator, second=2)

    for second in (3, 30, 61, 63, 70):
        await offer(operator, clock, second)
    await operator.started("tx-2", 80, evse_id=1)
    await offer(operator, clock, 90)

    assert commands.sent == []
    known = await shown(operator)
    assert (known["offerStatus"], known["offerReason"]) == ("refused", "no transaction is active on EVSE 1")


async def test_needs_that_come_twice_are_answered_alike_and_bring_one_profile(
    operator: Operator, commands: Commands, clock: Clock
) -> None:
    assert await needed(operator) == "Processing"
    await operator.started("tx-1", 0, evse_id=1)
    await offer(operator, clock)

    assert await needed(operator) == "Processing"
    await offer(operator, clock, 5)

    assert len(commands.sent) == 1


async def test_needs_that_come_late_change_nothing(
    operator: Operator, commands: Commands, clock: Clock
) -> None:
    await operator.started("tx-1", 0, evse_id=1)
    newer = THREE_PHASES | {"acChargingParameters": AC | {"evMaxCurrent": 10}}
    await needed(operator, newer, second=3)
    await needed(operator, second=2)

    await offer(operator, clock, 4)

    [sent] = commands.sent
    assert limit_of(sent.payload) == 10
    assert (await shown(operator))["needsReceivedAt"] == at(3)


async def test_new_needs_are_offered_a_new_profile_in_place_of_the_old(
    operator: Operator, commands: Commands, clock: Clock
) -> None:
    await operator.started("tx-1", 0, evse_id=1)
    await needed(operator)
    await offer(operator, clock)
    await taken(operator, commands, 2)

    await needed(operator, THREE_PHASES | {"acChargingParameters": AC | {"evMaxCurrent": 10}}, second=9)
    await offer(operator, clock, 10)
    await taken(operator, commands, 11)

    assert [limit_of(one.payload) for one in commands.sent] == [16, 10]
    assert await operator.known() == [(1, OUR_ID, "tx-1")]


async def test_needs_that_come_after_the_schedule_that_follows_them_bring_no_profile(
    operator: Operator, commands: Commands, clock: Clock
) -> None:
    await operator.started("tx-1", 0, evse_id=1)
    assert await chosen(operator, 10, 3) == "Accepted"
    await needed(operator, second=2)

    await offer(operator, clock, 5)

    assert commands.sent == []
    known = await shown(operator)
    assert (known["needsReceivedAt"], known["scheduleStatus"]) == (at(2), "Accepted")


async def test_two_processes_send_the_same_profile_under_one_key(
    operator: Operator, commands: Commands, clock: Clock
) -> None:
    await operator.started("tx-1", 0, evse_id=1)
    await needed(operator)

    await asyncio.gather(offer(operator, clock), offer(operator, clock))
    await offer(operator, clock, 10)

    assert {one.key for one in commands.sent} == {commands.sent[0].key}
    assert (await shown(operator))["offers"] == 1


async def test_a_profile_that_was_set_by_the_api_is_offered_rather_than_a_computed_one(
    operator: Operator, commands: Commands, clock: Clock
) -> None:
    await operator.started("tx-1", 0, evse_id=1)
    await operator.set(1, profile2(7, TX), 0)

    await needed(operator)
    await offer(operator, clock)

    assert [one.payload["chargingProfile"] for one in commands.sent] == [profile2(7, TX)]


async def test_a_schedule_that_was_refused_is_negotiated_anew_three_times_at_most(
    operator: Operator, commands: Commands, clock: Clock
) -> None:
    await operator.started("tx-1", 0, evse_id=1)
    await needed(operator)
    await offer(operator, clock)
    await taken(operator, commands, 2)

    for second in (3, 6, 9, 12):
        assert await chosen(operator, 32, second) == "Rejected"
        assert await chosen(operator, 32, second) == "Rejected"  # delivered twice
        await offer(operator, clock, second + 1)
        await taken(operator, commands, second + 2)

    assert [limit_of(one.payload) for one in commands.sent] == [16, 16, 16]
    assert len({one.key for one in commands.sent}) == 3
    known = await shown(operator)
    assert (known["scheduleStatus"], known["offers"]) == ("Rejected", 3)
    assert "3 times" in known["offerReason"]
    assert await chosen(operator, 16, 20) == "Accepted"
    assert await chosen(operator, 17, 22) == "Rejected"
    await offer(operator, clock, 24)
    assert len(commands.sent) == 4


async def test_a_profile_of_the_api_is_offered_again_after_a_schedule_was_refused(
    operator: Operator, commands: Commands, clock: Clock
) -> None:
    await operator.started("tx-1", 0, evse_id=1)
    await operator.set(1, profile2(7, TX), 1)

    assert await chosen(operator, 12_000, 2, unit="W") == "Rejected"
    await offer(operator, clock, 3)

    assert [one.payload["chargingProfile"] for one in commands.sent] == [profile2(7, TX)]
    known = await shown(operator)
    assert (known["scheduleStatus"], known["chargingProfileId"]) == ("Rejected", 7)
    assert "needsStatus" not in known


@pytest.mark.parametrize("status", ["Rejected", None])
async def test_a_station_that_does_not_take_the_profile_is_shown(
    operator: Operator, commands: Commands, clock: Clock, status: str | None
) -> None:
    await operator.started("tx-1", 0, evse_id=1)
    await needed(operator)
    await offer(operator, clock)

    last = commands.sent[-1]
    id = command_id(last.station_id, last.key)
    answer = None if status is None else {"status": status}
    await operator.ended(last.action, last.payload, 2, answer, id)

    assert (await shown(operator))["offerStatus"] == (status or "timeout")


async def test_a_profile_that_must_not_be_sent_is_shown(
    operator: Operator, commands: Commands, clock: Clock
) -> None:
    await operator.started("tx-1", 0, evse_id=1)
    await needed(operator)
    commands.problem = Conflict("another profile is in the way")

    for second in (1, 5):
        await offer(operator, clock, second)

    assert len(commands.sent) == 1
    known = await shown(operator)
    assert (known["offerStatus"], known["offerReason"]) == ("refused", "another profile is in the way")


async def test_a_failure_that_may_pass_is_tried_again(
    operator: Operator, commands: Commands, clock: Clock
) -> None:
    await operator.started("tx-1", 0, evse_id=1)
    await needed(operator)
    commands.problem = TooMany("too much is waiting")
    await offer(operator, clock)
    commands.problem = None

    for second in (1, 4, 7):
        await offer(operator, clock, second)

    first, again = commands.sent
    assert first.key == again.key


async def test_a_profile_that_a_process_sent_before_it_died_is_not_sent_again(
    operator: Operator, commands: Commands, clock: Clock
) -> None:
    await operator.started("tx-1", 0, evse_id=1)
    await needed(operator)
    commands.problem = Unavailable("it died after it had sent the command")
    await offer(operator, clock)
    [sent] = commands.sent
    commands.problem = None
    commands.by_id[command_id("CS1", sent.key)] = SentCommand(sent.payload, True, "", None)
    await operator.set(1, profile2(7, TX, stackLevel=1), 2)

    await offer(operator, clock, 5)

    assert commands.sent == [sent]
    await taken(operator, commands, 6)
    assert (await shown(operator))["offerStatus"] == "Accepted"


POLICIES: list[tuple[Version, Json, str, str]] = [
    (V201, THREE_PHASES, "processing", "Processing"),
    (V21, THREE_PHASES, "processing", "Processing"),
    (V201, THREE_PHASES, "reject", "Rejected"),
    (V21, THREE_PHASES, "reject", "Rejected"),
    (V201, THREE_PHASES, "noChargingProfile", "Rejected"),
    (V21, THREE_PHASES, "noChargingProfile", "NoChargingProfile"),
    (V201, UNKNOWN, "compute", "Rejected"),
    (V21, ISO_15118_20, "compute", "NoChargingProfile"),
    (V21, THREE_PHASES | {"acChargingParameters": AC | {"evMaxCurrent": 0}}, "compute", "Rejected"),
]


@pytest.mark.parametrize(("version", "needs", "policy", "status"), POLICIES)
async def test_where_no_profile_is_computed_none_is_sent(
    smart_charging: SmartCharging,
    commands: Commands,
    clock: Clock,
    version: Version,
    needs: Json,
    policy: str,
    status: str,
) -> None:
    async with operating(smart_charging) as operator:
        operator.version = version
        await operator.started("tx-1", 0, evse_id=1)
        await change_policy(operator, policy)

        assert await needed(operator, needs) == status

        await offer(operator, clock, 5)
        assert commands.sent == []
        assert (await shown(operator))["needsStatus"] == status


async def test_where_somebody_else_brings_profiles_he_negotiates_anew(
    operator: Operator, commands: Commands, clock: Clock
) -> None:
    await operator.started("tx-1", 0, evse_id=1)
    await change_policy(operator, "processing")
    await needed(operator)
    await operator.set(1, profile2(7, TX), 2)

    assert await chosen(operator, 12_000, 3, unit="W") == "Rejected"
    await offer(operator, clock, 5)

    assert commands.sent == []
    assert (await shown(operator))["scheduleStatus"] == "Rejected"


async def test_a_station_without_a_policy_of_its_own_has_that_of_the_setting(operator: Operator) -> None:
    path = "/chargingstations/CS1/evchargingneeds/policy"
    assert (await operator.http.get(path)).json() == {"policy": "compute"}
    await change_policy(operator, "reject")
    assert (await operator.http.get(path)).json() == {"policy": "reject", "changedAt": at(0)}
    assert (await operator.http.put(path, json={"policy": None})).json() == {"policy": "compute"}
    for wrong in ({"policy": "maybe"}, {}, {"policy": None, "more": 1}):
        assert (await operator.http.put(path, json=wrong)).status_code == 422


@pytest.mark.parametrize("evse_id", [1_000, 2**31])
async def test_an_evse_that_no_station_has_is_not_kept(operator: Operator, evse_id: int) -> None:
    needs = {"requestedEnergyTransfer": "AC_single_phase", "acChargingParameters": AC}
    assert await needed(operator, needs, evse_id=evse_id) == "Rejected"

    assert await operator.listed("evchargingneeds") == []


async def test_long_needs_are_only_in_the_message_log(operator: Operator) -> None:
    long = THREE_PHASES | {"customData": {"vendorId": "x", "more": "x" * 100_000}}

    assert await needed(operator, long) == "Rejected"

    assert "chargingNeeds" not in await shown(operator)


async def test_nothing_of_a_deleted_station_is_left(operator: Operator, clock: Clock) -> None:
    await needed(operator)
    await change_policy(operator, "reject")

    await operator.deleted(5)

    assert await operator.listed("evchargingneeds") == []
    assert await operator.smart_charging.negotiations.policy_of("CS1") == "compute"
    clock.minutes = 1
    await change_policy(operator, "reject")
    await operator.deleted(5)  # delivered again
    assert await operator.smart_charging.negotiations.policy_of("CS1") == "reject"


async def test_ids_that_the_station_keeps_to_itself_are_not_used(
    operator: Operator, commands: Commands, clock: Clock
) -> None:
    variable = {"name": "MaxExternalConstraintsId"}
    attributes = [{"type": "Actual", "value": "1500000000"}]
    component = {"name": "SmartChargingCtrlr"}
    commands.reported = [{"component": component, "variable": variable, "attributes": attributes}]
    await operator.set(2, profile2(1_500_000_001), 0)
    await operator.started("tx-1", 0, evse_id=1)

    await needed(operator)
    await offer(operator, clock)

    assert commands.sent[0].payload["chargingProfile"]["id"] == 1_500_001_001


async def change_policy(operator: Operator, policy: str) -> None:
    path = "/chargingstations/CS1/evchargingneeds/policy"
    answer = await operator.http.put(path, json={"policy": policy})
    assert (answer.status_code, answer.json()["policy"]) == (200, policy)


def limit_of(payload: Json) -> Any:
    return payload["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"]
