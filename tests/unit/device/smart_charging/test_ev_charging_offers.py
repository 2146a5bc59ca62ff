from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from libs.csms.clients.stations import command_id
from libs.csms.errors import Conflict, TooMany, Unavailable
from services.device.smart_charging.offered import SentCommand
from services.device.smart_charging.service import SmartCharging

from .operator import Clock, Commands, Operator, operating
from .profiles import V21, V201, profile2
from .vehicle import change_policy, chosen, limit_of, needed, offer, shown, taken

TX = "TxProfile"


@pytest.fixture(params=[V201, V21])
async def operator(smart_charging: SmartCharging, request: pytest.FixtureRequest) -> AsyncIterator[Operator]:
    async with operating(smart_charging) as operator:
        operator.version = request.param
        yield operator


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
