from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from libs.csms.clients.stations import command_id
from libs.ocpp_messages.version import Version
from services.device.smart_charging.service import SmartCharging

from .operator import Clock, Commands, Operator, at, operating
from .profiles import V21, V201, Json
from .vehicle import AC, THREE_PHASES, change_policy, chosen, limit_of, needed, offer, shown, taken

TX = "TxProfile"
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
