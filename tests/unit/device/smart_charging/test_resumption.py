from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from libs.csms.errors import Conflict, DomainError, Invalid, NoAnswer, NotFound, TooMany, Unavailable
from services.device.smart_charging.service import SmartCharging

from .operator import Commands, Operator, operating
from .profiles import V21, Json, profile2, schedule2, start2

TX = "TxProfile"
CONTROLLER = {"name": "SmartChargingCtrlr"}


@pytest.fixture
async def operator(smart_charging: SmartCharging) -> AsyncIterator[Operator]:
    """In a transaction tx-1 on EVSE 1 that goes on."""
    async with operating(smart_charging) as operator:
        operator.version, operator.id = V21, "CS=1"
        await operator.started("tx-1", 0, evse_id=1)
        yield operator


def payloads(commands: Commands) -> list[Json]:
    return [one.payload for one in commands.sent]


async def test_the_profiles_of_a_resumed_transaction_are_sent_again_and_no_others(
    operator: Operator, commands: Commands
) -> None:
    wanted = [profile2(1, TX), profile2(2, TX, stackLevel=1)]
    for second, profile in enumerate([wanted[1], wanted[0], profile2(3)], start=1):
        await operator.set(1, profile, second)
    await operator.set(1, profile2(4, TX, stackLevel=4, validTo="2026-11-20T12:00:00Z"), 4)
    await operator.set(2, profile2(5, TX, transactionId="tx-2"), 5)

    await operator.resumed()

    assert payloads(commands) == [{"evseId": 1, "chargingProfile": profile} for profile in wanted]
    assert {(one.station_id, one.action, one.ttl) for one in commands.sent} == {
        ("CS=1", "SetChargingProfile", 600)
    }
    assert len({one.key for one in commands.sent}) == 2


async def test_a_redelivered_resumption_is_handled_once(operator: Operator, commands: Commands) -> None:
    await operator.set(1, profile2(1, TX), 1)

    for seq_no in (3, 3, 9):
        await operator.resumed(seq_no=seq_no)

    first, same, other = (one.key for one in commands.sent)
    assert first == same != other


async def test_the_profile_of_a_remote_start_names_its_transaction_by_then(
    operator: Operator, commands: Commands
) -> None:
    started = {"status": "Accepted", "transactionId": "tx-1"}
    asked = start2(profile2(1, TX, transactionId=None), evseId=1)
    await operator.ended("RequestStartTransaction", asked, 1, answer=started)

    await operator.resumed()

    assert payloads(commands) == [{"evseId": 1, "chargingProfile": profile2(1, TX)}]


async def test_a_dynamic_profile_is_sent_with_its_newest_limits(
    operator: Operator, commands: Commands
) -> None:
    schedule = schedule2(startSchedule=None)
    profile = profile2(1, TX, chargingProfileKind="Dynamic", chargingSchedule=[schedule])
    await operator.set(1, profile, 1)
    asked = {"chargingProfileId": 1, "scheduleUpdate": {"limit": 7000.5}}
    await operator.ended("UpdateDynamicSchedule", asked, 2)

    await operator.resumed()

    [payload] = payloads(commands)
    [period] = payload["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"]
    assert period == {"startPeriod": 0, "limit": 7000.5}


@pytest.mark.parametrize(("value", "sent"), [("true", 0), ("false", 1)])
async def test_a_station_that_keeps_its_profiles_is_not_sent_them(
    operator: Operator, commands: Commands, value: str, sent: int
) -> None:
    variable = {"name": "ChargingProfilePersistence", "instance": "TxProfile"}
    other = variable | {"instance": "LocalGeneration"}
    commands.reported = [
        {"component": CONTROLLER, "variable": other, "attributes": [{"type": "Actual", "value": "true"}]},
        {"component": CONTROLLER, "variable": variable, "attributes": [{"type": "Actual", "value": value}]},
    ]
    await operator.set(1, profile2(1, TX), 1)

    await operator.resumed()

    assert len(commands.sent) == sent


async def test_a_transaction_that_has_ended_or_has_no_profile_gets_nothing(
    operator: Operator, commands: Commands
) -> None:
    await operator.set(1, profile2(1, TX), 1)
    await operator.stopped("tx-1", 4)

    await operator.resumed()
    await operator.resumed("tx-9")

    assert commands.sent == []


@pytest.mark.parametrize("problem", [Conflict("x"), Invalid("x"), NotFound("x")])
async def test_a_refusal_is_final(operator: Operator, commands: Commands, problem: DomainError) -> None:
    await operator.set(1, profile2(1, TX), 1)
    commands.problem = problem

    await operator.resumed()

    assert len(commands.sent) == 1


@pytest.mark.parametrize("problem", [TooMany("x"), Unavailable("x"), NoAnswer("x")])
async def test_a_failure_that_may_pass_is_tried_again(
    operator: Operator, commands: Commands, problem: DomainError
) -> None:
    await operator.set(1, profile2(1, TX), 1)
    commands.problem = problem

    with pytest.raises(type(problem)):
        await operator.resumed()
