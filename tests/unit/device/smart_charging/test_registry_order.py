from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from libs.csms.messaging.router import Call
from libs.ocpp_messages.version import Version

from .operator import Operator, at
from .profiles import V16, V201, profile2, profile16, start2, start16

TX, EXTERNAL = "TxProfile", "ChargingStationExternalConstraints"
CLEAR, GET, START = "ClearChargingProfile", "GetChargingProfiles", "RequestStartTransaction"
UNKNOWN = {"status": "Unknown"}

Step = Callable[[Operator], Awaitable[object]]


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


def an_id_that_is_reported_again_after_its_transaction() -> list[Step]:
    return [
        lambda operator: operator.set(1, profile2(7, TX), 1),
        lambda operator: operator.stopped("tx-1", 3),
        lambda operator: operator.report(1, profile2(7, TX, transactionId=None), second=4),
    ]


def an_id_that_is_reported_for_another_purpose() -> list[Step]:
    return [
        lambda operator: operator.set(1, profile2(7, TX), 1),
        lambda operator: operator.report(1, profile2(7), second=2),
        lambda operator: operator.report(1, profile2(7, TX, transactionId=None), second=3),
    ]


def an_id_that_is_reported_for_another_transaction() -> list[Step]:
    return [
        lambda operator: operator.set(1, profile2(7, TX), 1),
        lambda operator: operator.report(1, profile2(7, TX, transactionId=None), second=2),
        lambda operator: operator.report(1, profile2(7, TX, transactionId="tx-2"), second=3),
    ]


def an_id_that_is_reported_after_it_was_cleared() -> list[Step]:
    return [
        lambda operator: operator.set(1, profile2(7, TX), 1),
        lambda operator: operator.ended(CLEAR, {"chargingProfileId": 7}, 2),
        lambda operator: operator.report(1, profile2(7, TX, transactionId=None), second=3),
    ]


def an_id_that_is_set_again_for_another_transaction() -> list[Step]:
    return [
        lambda operator: operator.set(1, profile2(7, TX), 1),
        lambda operator: operator.set(1, profile2(7, TX, transactionId="tx-2"), 2),
        lambda operator: operator.report(1, profile2(7, TX, transactionId=None), second=3),
    ]


@pytest.mark.parametrize(
    ("story", "transaction_id", "accepted_at"),
    [
        (an_id_that_is_reported_again_after_its_transaction, None, None),
        (an_id_that_is_reported_for_another_purpose, None, None),
        (an_id_that_is_reported_for_another_transaction, "tx-2", None),
        (an_id_that_is_reported_after_it_was_cleared, None, None),
        (an_id_that_is_set_again_for_another_transaction, "tx-2", at(2)),
    ],
)
async def test_a_profile_has_nothing_of_an_older_one_of_its_id_in_any_order(
    operator: Operator,
    story: Callable[[], list[Step]],
    transaction_id: str | None,
    accepted_at: str | None,
) -> None:
    for number, order in enumerate(permutations(story())):
        operator.id = f"CS{number}"
        for step in (*order, *order[:2]):
            await step(operator)

        [known] = await operator.listed()
        assert (known.get("transactionId"), known.get("acceptedAt")) == (transaction_id, accepted_at), number
        assert known["id"] == 7


def a_limit_that_was_released() -> list[Step]:
    released = {"chargingLimitSource": "EMS", "evseId": 1}
    other = {"chargingLimitSource": "SO"}
    return [
        lambda operator: operator.report(1, profile2(-1, EXTERNAL), second=1, source="EMS"),
        lambda operator: operator.call("ClearedChargingLimit", released, 2),
        lambda operator: operator.report(2, profile2(-2, EXTERNAL), second=1, source="EMS"),
        lambda operator: operator.call("ClearedChargingLimit", other, 3),
        lambda operator: operator.set(1, profile2(7), 1),
    ]


async def test_the_profiles_of_a_limit_that_was_released_are_gone_in_any_order(operator: Operator) -> None:
    for number, order in enumerate(permutations(a_limit_that_was_released())):
        operator.id = f"CS{number}"
        for step in (*order, order[0]):
            await step(operator)

        assert await operator.known() == [(1, 7, None), (2, -2, None)], number


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


async def test_a_profile_that_was_reported_remains_while_the_answer_that_announced_it_is_handled(
    operator: Operator,
) -> None:
    """The message is in the log by then, and what it reports is not in the registry yet."""
    await operator.set(1, profile2(1, TX), 1)
    append = operator.smart_charging.append_message

    async def append_and_end_the_command(call: Call[Any]) -> bool:
        appended = await append(call)
        await operator.ended(GET, {"requestId": 5, "chargingProfile": {}}, 2)
        return appended

    operator.smart_charging = replace(operator.smart_charging, append_message=append_and_end_the_command)
    await operator.report(1, profile2(1, TX, transactionId=None), second=3)

    [known] = await operator.listed()
    assert (known["id"], known["acceptedAt"], known["transactionId"]) == (1, at(1), "tx-1")


async def test_concurrent_events_give_the_same_registry(operator: Operator) -> None:
    steps = [step(operator) for step in cleared_and_set_again() * 3]

    await asyncio.gather(*steps)

    assert await operator.known() == [(2, 1, None)]
