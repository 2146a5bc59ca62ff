"""Events of a transaction are missing: its station is asked whether it has them, once (E14)."""

from __future__ import annotations

import json

import pytest

from libs.ocpp_messages.event import StationDisconnected, TransactionIncomplete
from libs.ocpp_messages.version import Version

from .onboarding import boots, connects
from .operator import Operator
from .station import Csms

INCOMPLETE = TransactionIncomplete(id="CS1:tx-1", transaction_id="tx-1", missing_seq_nos=[3, 4])


def asked(operator: Operator) -> list[tuple[str, object]]:
    sent = [operator.sent.get_nowait()[1] for _ in range(operator.sent.qsize())]
    return [(command.action, json.loads(command.data)) for command in sent]


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
async def test_a_connected_station_is_asked_once_for_a_gap(
    station: Csms, operator: Operator, version: Version
) -> None:
    await connects(station, version, "1")

    for _ in range(2):
        await station.event(INCOMPLETE)
    first = asked(operator)
    await station.event(TransactionIncomplete(id="CS1:tx-1", transaction_id="tx-1", missing_seq_nos=[4, 9]))

    assert first == [("GetTransactionStatus", {"transactionId": "tx-1"})]
    assert len(asked(operator)) == 1


async def test_a_station_that_is_away_is_asked_when_it_is_back(station: Csms, operator: Operator) -> None:
    await boots(station, Version.V201)
    await station.event(StationDisconnected(code=1000), connection_id="1")

    await station.event(INCOMPLETE)
    while_away = asked(operator)
    await connects(station, Version.V201, "2")
    await operator.look_after(30)

    assert while_away == []
    assert ("GetTransactionStatus", {"transactionId": "tx-1"}) in asked(operator)


async def test_a_station_of_1_6_or_a_deleted_one_is_not_asked(station: Csms, operator: Operator) -> None:
    await connects(station, Version.V16, "1")

    await station.event(INCOMPLETE)
    await station.event(INCOMPLETE, station_id="CS9")

    assert asked(operator) == []
