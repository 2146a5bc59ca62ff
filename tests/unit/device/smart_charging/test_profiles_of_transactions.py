from __future__ import annotations

import asyncio

import pytest

from .operator import Operator
from .profiles import V16, profile2, profile16, start2

TX, START = "TxProfile", "RequestStartTransaction"


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
