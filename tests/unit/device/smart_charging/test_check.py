from __future__ import annotations

import asyncio

import pytest

from libs.csms.errors import Conflict, DomainError, Invalid
from libs.ocpp_messages.version import Version
from services.device.smart_charging import service

from .operator import ACCEPTED, Clock, Operator
from .profiles import V16, V201, Json, profile2, profile16, schedule2, set2, set16, start2

SET, TX, EXTERNAL = "SetChargingProfile", "TxProfile", "ChargingStationExternalConstraints"
CLEAR = "ClearChargingProfile"


def refusal(problem: DomainError | None, kind: type[DomainError]) -> DomainError:
    assert isinstance(problem, kind), problem
    return problem


async def test_a_violation_is_reported_with_its_place(operator: Operator) -> None:
    problem = refusal(await operator.check("a", SET, set2(0, profile2(1, TX, transactionId=None))), Invalid)

    places = [error["at"] for error in problem.members["errors"]]
    assert places == ["evseId", "chargingProfile.transactionId"]
    assert "K01.FR.03" in problem.detail


async def test_a_violation_in_a_remote_start_is_reported_with_its_place(operator: Operator) -> None:
    problem = refusal(await operator.check("a", "RequestStartTransaction", start2(profile2(1, TX))), Invalid)

    assert problem.members["errors"][0]["at"] == "chargingProfile.transactionId"


@pytest.mark.parametrize(
    ("version", "action", "payload"),
    [
        (V201, "Reset", {"type": "Immediate"}),
        (V201, "GetChargingProfiles", {"requestId": 1, "chargingProfile": {}}),
        (V201, "RequestStartTransaction", {"idToken": {"idToken": "T", "type": "Local"}, "remoteStartId": 1}),
        (V16, "RemoteStartTransaction", {"idTag": "T"}),
    ],
)
async def test_other_commands_pass_and_conflict_with_nothing(
    operator: Operator, version: Version, action: str, payload: Json
) -> None:
    operator.version = version

    assert await operator.check("a", action, payload) is None
    assert await operator.smart_charging.profiles.pending.get("CS1") is None


async def test_a_profile_that_the_station_has_conflicts(operator: Operator) -> None:
    await operator.set(1, profile2(7), 1)

    problem = refusal(await operator.check("a", SET, set2(1, profile2(8))), Conflict)

    assert problem.members == {"chargingProfileId": 7}
    assert "charging profile 7 on EVSE 1, which the charging station has" in problem.detail
    assert await operator.check("a", SET, set2(1, profile2(7))) is None
    assert await operator.check("b", SET, set2(2, profile2(8))) is None


async def test_a_refused_profile_conflicts_with_nothing(operator: Operator) -> None:
    await operator.set(1, profile2(7), 1)
    refusal(await operator.check("a", SET, set2(1, profile2(8))), Conflict)
    await operator.ended("ClearChargingProfile", {"chargingProfileId": 7}, 2)

    assert await operator.check("b", SET, set2(1, profile2(9))) is None


async def test_a_profile_that_has_just_been_cleared_conflicts_with_nothing(operator: Operator) -> None:
    """The station's answer is shown to the operator before its handler has run."""
    clear = {"chargingProfileId": 7}
    await operator.set(1, profile2(7), 1)
    assert await operator.check("clear", CLEAR, clear) is None

    problem, _ = await asyncio.gather(
        operator.check("a", SET, set2(1, profile2(8))), operator.ended(CLEAR, clear, 2, id="clear")
    )

    assert problem is None


async def test_a_profile_that_the_station_has_just_rejected_conflicts_with_nothing(
    operator: Operator,
) -> None:
    assert await operator.check("a", SET, set2(1, profile2(7))) is None

    problem, _ = await asyncio.gather(
        operator.check("b", SET, set2(1, profile2(8))),
        operator.set(1, profile2(7), 1, answer={"status": "Rejected"}, id="a"),
    )

    assert problem is None


async def test_a_profile_that_could_not_be_cleared_still_conflicts(operator: Operator) -> None:
    clear = {"chargingProfileCriteria": {"stackLevel": 3}}
    await operator.set(1, profile2(7), 1)
    assert await operator.check("clear", CLEAR, clear) is None
    await operator.ended(CLEAR, clear, 2, answer={"status": "Unknown"}, id="clear")

    refusal(await operator.check("a", SET, set2(1, profile2(8))), Conflict)


async def test_a_limit_from_outside_is_not_replaced(operator: Operator) -> None:
    await operator.report(0, profile2(7, EXTERNAL), second=1, source="EMS")

    problem = refusal(await operator.check("a", SET, set2(1, profile2(7))), Conflict)

    assert problem.members == {"chargingProfileId": 7}


@pytest.fixture
def short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many attempts, in less time."""
    monkeypatch.setattr(service, "RETRY_DELAYS", [delay / 50 for delay in service.RETRY_DELAYS])


@pytest.mark.usefixtures("short_delays")
async def test_of_many_conflicting_commands_at_once_one_passes_until_it_has_ended(operator: Operator) -> None:
    checks = [operator.check(f"c{id}", SET, set2(1, profile2(id))) for id in range(5)]
    problems = await asyncio.gather(*checks)
    [passed] = [id for id, problem in enumerate(problems) if problem is None]
    for problem in problems[:passed] + problems[passed + 1 :]:
        refused = refusal(problem, Conflict)
        assert refused.members == {"commandId": f"c{passed}", "chargingProfileId": passed}

    await operator.set(1, profile2(passed), 1, answer={"status": "Rejected"}, id=f"c{passed}")

    assert await operator.check("later", SET, set2(1, profile2(9))) is None


async def test_a_profile_that_passed_and_was_accepted_still_conflicts(operator: Operator) -> None:
    assert await operator.check("a", SET, set2(1, profile2(1))) is None
    await operator.set(1, profile2(1), 1, answer=ACCEPTED, id="a")

    refusal(await operator.check("b", SET, set2(1, profile2(2))), Conflict)


async def test_the_same_command_may_be_checked_again(operator: Operator) -> None:
    problems = await asyncio.gather(*(operator.check("a", SET, set2(1, profile2())) for _ in range(5)))

    assert problems == [None] * 5


@pytest.mark.usefixtures("short_delays")
async def test_a_command_that_does_not_end_conflicts_for_three_minutes(
    operator: Operator, clock: Clock
) -> None:
    await operator.check("a", SET, set2(1, profile2(1)))

    clock.minutes = 2.9
    refusal(await operator.check("b", SET, set2(1, profile2(2))), Conflict)
    clock.minutes = 3
    assert await operator.check("b", SET, set2(1, profile2(2))) is None


async def test_in_1_6_a_new_profile_replaces_the_old_one_without_conflict(operator: Operator) -> None:
    operator.version = V16
    await operator.set(1, profile16(7), 1)

    for id in (8, 9):
        assert await operator.check(f"c{id}", SET, set16(1, profile16(id))) is None


@pytest.mark.parametrize(
    ("evse_id", "transaction_id", "is_refused"),
    [(1, "tx-1", False), (2, "tx-1", True), (2, "of another", False)],
)
async def test_a_txprofile_is_for_a_transaction_on_that_evse_or_for_one_that_the_csms_does_not_know(
    operator: Operator, evse_id: int, transaction_id: str, is_refused: bool
) -> None:
    await operator.started("tx-1", 0, evse_id=1, connector_id=1)

    problem = await operator.check("a", SET, set2(evse_id, profile2(1, TX, transactionId=transaction_id)))

    assert isinstance(problem, Invalid) is is_refused


async def test_a_transaction_that_names_its_evse_later_is_on_that_evse(operator: Operator) -> None:
    await operator.started("tx-1", 0)
    assert await operator.check("a", SET, set2(2, profile2(1, TX))) is None

    for _ in range(2):
        await operator.started("tx-1", 3, start=0, evse_id=1, connector_id=1)
        await operator.started("tx-1", 0)

    refusal(await operator.check("b", SET, set2(2, profile2(1, TX))), Invalid)


async def test_a_txprofile_is_not_for_a_transaction_that_has_ended(operator: Operator) -> None:
    await operator.stopped("tx-1", 0)

    problem = refusal(await operator.check("a", SET, set2(1, profile2(1, TX))), Invalid)

    assert problem.members["errors"][0]["at"] == "chargingProfile.transactionId"
    await operator.started("tx-1", 0, evse_id=1)
    refusal(await operator.check("a", SET, set2(1, profile2(1, TX))), Invalid)


async def test_a_txprofile_of_1_6_is_for_a_transaction_on_that_connector(operator: Operator) -> None:
    operator.version = V16
    await operator.started("17", 0, connector_id=2)
    profile = profile16(1, TX, transactionId=17)

    refusal(await operator.check("a", SET, set16(1, profile)), Invalid)
    assert await operator.check("a", SET, set16(2, profile)) is None
    await operator.stopped("17", 60)
    refusal(await operator.check("b", SET, set16(2, profile)), Invalid)


async def test_a_transaction_that_began_more_than_thirty_days_ago_is_for_the_station_to_know(
    operator: Operator, clock: Clock
) -> None:
    await operator.started("tx-1", 0, evse_id=1)
    clock.minutes = 30 * 24 * 60
    await operator.started("tx-2", 1)
    refusal(await operator.check("a", SET, set2(2, profile2(1, TX))), Invalid)

    clock.minutes += 0.01
    await operator.started("tx-2", 1)

    assert await operator.check("a", SET, set2(2, profile2(1, TX))) is None


async def test_several_schedules_are_for_a_vehicle_that_reported_its_needs(operator: Operator) -> None:
    operator.id = "CS 1"
    await operator.started("tx-1", 0, evse_id=1, connector_id=1)
    wanted = set2(1, profile2(1, TX, chargingSchedule=[schedule2(), schedule2(id=2)]))
    refused = refusal(await operator.check("a", SET, wanted), Invalid)
    assert refused.members["errors"][0]["at"] == "chargingProfile.chargingSchedule"

    for evse_id, is_refused in ((2, True), (1, False)):
        needs = {"evseId": evse_id, "chargingNeeds": {"requestedEnergyTransfer": "DC"}}
        await operator.call("NotifyEVChargingNeeds", needs)
        assert isinstance(await operator.check("a", SET, wanted), Invalid) is is_refused
