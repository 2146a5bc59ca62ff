from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from libs.csms.clients.profile_check import HttpProfileCheck, ProfileCommand
from libs.csms.errors import Conflict, Invalid, Unavailable
from libs.csms.settings import Settings
from libs.csms.web.app import create_app
from libs.ocpp_messages.version import Version
from services.transaction.api import api
from services.transaction.service import Ledger

from .operator import ACCEPTED, Operator
from .profiles import V16, V21, V201, profile2, profile16, schedule2, set2, set16, start2
from .test_smart_charging import send
from .world import NOW, Json, Station

SET, TX, EXTERNAL = "SetChargingProfile", "TxProfile", "ChargingStationExternalConstraints"
CLEAR = "ClearChargingProfile"


class Clock:
    minutes = 0.0

    def __call__(self) -> Any:
        return NOW + timedelta(minutes=self.minutes)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def operator(ledger: Ledger, clock: Clock) -> AsyncIterator[Operator]:
    ledger = replace(ledger, clock=clock)
    transport = httpx.ASGITransport(create_app("x", api(ledger), Settings(_env_file=None)))
    async with httpx.AsyncClient(transport=transport, base_url="http://transaction") as http:
        yield Operator(ledger, http)


async def test_a_violation_is_told_with_its_place(operator: Operator) -> None:
    answer = await operator.propose("a", SET, set2(0, profile2(1, TX, transactionId=None)))

    assert answer.status_code == 422
    assert [error["at"] for error in answer.json()["errors"]] == ["evseId", "chargingProfile.transactionId"]
    assert "K01.FR.03" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        (SET, {"evseId": 1}),
        (SET, set16(1, profile16())),
        ("Reset", {"type": "Immediate"}),
        ("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}}),
        ("RequestStartTransaction", {"idToken": {"idToken": "T", "type": "Local"}, "remoteStartId": 1}),
        ("RemoteStartTransaction", {"idTag": "T"}),
        ("NotifyChargingLimit", {"chargingLimit": {"chargingLimitSource": "EMS"}}),
    ],
)
async def test_only_commands_about_profiles_that_the_version_has_are_proposed(
    operator: Operator, action: str, payload: Json
) -> None:
    assert (await operator.propose("a", action, payload)).status_code == 422


async def test_what_the_station_has_is_in_the_way(operator: Operator) -> None:
    await operator.set(1, profile2(7), 1)

    answer = await operator.propose("a", SET, set2(1, profile2(8)))

    assert answer.status_code == 409
    assert answer.json()["chargingProfileId"] == 7
    assert "charging profile 7 on EVSE 1, which the charging station has" in answer.json()["detail"]
    assert (await operator.propose("a", SET, set2(1, profile2(7)))).status_code == 204
    assert (await operator.propose("b", SET, set2(2, profile2(8)))).status_code == 204


async def test_what_was_refused_is_in_nobodys_way(operator: Operator) -> None:
    await operator.set(1, profile2(7), 1)
    assert (await operator.propose("a", SET, set2(1, profile2(8)))).status_code == 409
    await operator.ended("ClearChargingProfile", {"chargingProfileId": 7}, 2)

    assert (await operator.propose("b", SET, set2(1, profile2(9)))).status_code == 204


async def test_what_has_just_been_cleared_is_in_nobodys_way(operator: Operator) -> None:
    """The station's answer is shown to the operator before the transaction service has heard of it."""
    clear = {"chargingProfileId": 7}
    await operator.set(1, profile2(7), 1)
    assert (await operator.propose("clear", CLEAR, clear)).status_code == 204

    answer, _ = await asyncio.gather(
        operator.propose("a", SET, set2(1, profile2(8))), operator.ended(CLEAR, clear, 2, id="clear")
    )

    assert answer.status_code == 204


async def test_what_the_station_has_just_rejected_is_in_nobodys_way(operator: Operator) -> None:
    assert (await operator.propose("a", SET, set2(1, profile2(7)))).status_code == 204

    answer, _ = await asyncio.gather(
        operator.propose("b", SET, set2(1, profile2(8))),
        operator.set(1, profile2(7), 1, answer={"status": "Rejected"}, id="a"),
    )

    assert answer.status_code == 204


async def test_what_could_not_be_cleared_stays_in_the_way(operator: Operator) -> None:
    clear = {"chargingProfileCriteria": {"stackLevel": 3}}
    await operator.set(1, profile2(7), 1)
    assert (await operator.propose("clear", CLEAR, clear)).status_code == 204
    await operator.ended(CLEAR, clear, 2, answer={"status": "Unknown"}, id="clear")

    assert (await operator.propose("a", SET, set2(1, profile2(8)))).status_code == 409


async def test_a_limit_from_outside_is_not_replaced(operator: Operator) -> None:
    await operator.report(0, profile2(7, EXTERNAL), second=1, source="EMS")

    answer = await operator.propose("a", SET, set2(1, profile2(7)))

    assert (answer.status_code, answer.json()["chargingProfileId"]) == (409, 7)


async def test_of_many_at_once_one_passes_until_it_has_ended(operator: Operator) -> None:
    proposals = [operator.propose(f"c{id}", SET, set2(1, profile2(id))) for id in range(5)]
    answers = await asyncio.gather(*proposals)
    assert sorted(answer.status_code for answer in answers) == [204, 409, 409, 409, 409]
    [passed] = [id for id, answer in enumerate(answers) if answer.status_code == 204]
    refused = answers[(passed + 1) % 5].json()
    assert (refused["commandId"], refused["chargingProfileId"]) == (f"c{passed}", passed)

    await operator.set(1, profile2(passed), 1, answer={"status": "Rejected"}, id=f"c{passed}")

    assert (await operator.propose("later", SET, set2(1, profile2(9)))).status_code == 204


async def test_what_was_proposed_and_accepted_stays_in_the_way(operator: Operator) -> None:
    assert (await operator.propose("a", SET, set2(1, profile2(1)))).status_code == 204
    await operator.set(1, profile2(1), 1, answer=ACCEPTED, id="a")

    assert (await operator.propose("b", SET, set2(1, profile2(2)))).status_code == 409


async def test_the_same_command_may_be_proposed_again(operator: Operator) -> None:
    answers = await asyncio.gather(*(operator.propose("a", SET, set2(1, profile2())) for _ in range(5)))

    assert [answer.status_code for answer in answers] == [204] * 5


async def test_a_command_that_does_not_end_is_in_the_way_for_three_minutes(
    operator: Operator, clock: Clock
) -> None:
    await operator.propose("a", SET, set2(1, profile2(1)))

    clock.minutes = 2.9
    assert (await operator.propose("b", SET, set2(1, profile2(2)))).status_code == 409
    clock.minutes = 3
    assert (await operator.propose("b", SET, set2(1, profile2(2)))).status_code == 204


async def test_in_1_6_a_new_profile_replaces_and_is_in_nobodys_way(operator: Operator) -> None:
    operator.version = V16
    await operator.set(1, profile16(7), 1)

    for id in (8, 9):
        assert (await operator.propose(f"c{id}", SET, set16(1, profile16(id)))).status_code == 204


@pytest.mark.parametrize(
    ("evse_id", "transaction_id", "status"), [(1, "tx-1", 204), (2, "tx-1", 422), (2, "of another", 204)]
)
async def test_a_txprofile_is_for_a_transaction_on_that_evse_or_for_one_that_the_csms_does_not_know(
    operator: Operator, evse_id: int, transaction_id: str, status: int
) -> None:
    await Station(operator.ledger, V201).event("Started", 0, 0, evse={"id": 1, "connectorId": 1})

    answer = await operator.propose("a", SET, set2(evse_id, profile2(1, TX, transactionId=transaction_id)))

    assert answer.status_code == status, answer.text


async def test_a_txprofile_is_not_for_a_transaction_that_has_ended(operator: Operator) -> None:
    await Station(operator.ledger, V201).event("Ended", 0, 0, evse={"id": 1, "connectorId": 1})

    answer = await operator.propose("a", SET, set2(1, profile2(1, TX)))

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["at"] == "chargingProfile.transactionId"


async def test_a_txprofile_of_1_6_is_for_a_transaction_on_that_connector(operator: Operator) -> None:
    operator.version = V16
    transaction_id = (await Station(operator.ledger, V16).start(connectorId=2))["transactionId"]
    profile = profile16(1, TX, transactionId=transaction_id)

    assert (await operator.propose("a", SET, set16(1, profile))).status_code == 422
    assert (await operator.propose("a", SET, set16(2, profile))).status_code == 204
    await Station(operator.ledger, V16).stop(transaction_id)
    assert (await operator.propose("b", SET, set16(2, profile))).status_code == 422


async def test_several_schedules_are_for_a_vehicle_that_told_its_needs(
    operator: Operator, ledger: Ledger
) -> None:
    operator.id = "CS 1"
    station = Station(operator.ledger, V201, operator.id)
    await station.event("Started", 0, 0, evse={"id": 1, "connectorId": 1})
    wanted = set2(1, profile2(1, TX, chargingSchedule=[schedule2(), schedule2(id=2)]))
    refused = await operator.propose("a", SET, wanted)
    assert (refused.status_code, refused.json()["errors"][0]["at"]) == (
        422,
        "chargingProfile.chargingSchedule",
    )

    for evse_id, status in ((2, 422), (1, 204)):
        needs = {"evseId": evse_id, "chargingNeeds": {"requestedEnergyTransfer": "DC"}}
        await send(ledger, "NotifyEVChargingNeeds", needs, V201)
        assert (await operator.propose("a", SET, wanted)).status_code == status


AC = {"energyAmount": 1, "evMinCurrent": 6, "evMaxCurrent": 32, "evMaxVoltage": 400}


@pytest.mark.parametrize(
    ("version", "needs", "refusal"),
    [
        (V201, {"requestedEnergyTransfer": "DC"}, "Rejected"),
        (V21, {"requestedEnergyTransfer": "AC_single_phase", "acChargingParameters": AC}, "Rejected"),
        (
            V21,
            {
                "requestedEnergyTransfer": "DC_BPT",
                "controlMode": "DynamicControl",
                "v2xChargingParameters": {},
            },
            "NoChargingProfile",
        ),
    ],
)
async def test_a_profile_is_promised_only_where_somebody_sends_one(
    ledger: Ledger, version: Version, needs: Json, refusal: str
) -> None:
    told, answered = {"evseId": 1, "chargingNeeds": needs}, replace(ledger, answers_needs=True)

    assert await send(ledger, "NotifyEVChargingNeeds", told, version) == {"status": refusal}
    assert await send(answered, "NotifyEVChargingNeeds", told, version) == {"status": "Processing"}


def command(payload: Json, action: str = SET) -> ProfileCommand:
    return ProfileCommand(command_id="a", action=action, ocpp_version=V201, payload=payload)


@pytest.mark.parametrize("id", ["CS1", "a b", "...", "ä=1"])
async def test_another_process_is_told_the_same_problem(operator: Operator, id: str) -> None:
    check = HttpProfileCheck(operator.http).check
    await check(id, command(set2(1, profile2(1))))

    with pytest.raises(Conflict) as refused:
        await check(id, command(set2(1, profile2(2))).model_copy(update={"command_id": "b"}))

    assert refused.value.members == {"chargingProfileId": 1, "commandId": "a"}
    with pytest.raises(Invalid) as wrong:
        start = start2(profile2(1, TX))
        await check(id, command(start, "RequestStartTransaction"))
    assert wrong.value.members["errors"][0]["at"] == "chargingProfile.transactionId"


@pytest.mark.parametrize("status", [401, 404, 500, None])
async def test_nothing_is_sent_where_nobody_can_say(status: int | None) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if status is None:
            raise httpx.ConnectError("refused")
        return httpx.Response(status, json={"detail": "x"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://x") as client:
        with pytest.raises(Unavailable):
            await HttpProfileCheck(client).check("CS1", command(set2(1, profile2())))
