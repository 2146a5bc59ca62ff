from __future__ import annotations

import pytest

from libs.ocpp_messages.event import TRANSACTION_STARTED
from libs.ocpp_messages.message import Message
from libs.ocpp_messages.version import Version
from services.transaction.model import ENDED_EARLY, NO_START
from services.transaction.service import Ledger
from tests.documents import documents

from .world import Station, minute, register, token


async def test_a_session_is_one_transaction(station2: Station, ledger: Ledger) -> None:
    started = await station2.event(
        "Started",
        0,
        0,
        evse={"id": 2, "connectorId": 1},
        idToken=token(),
        reservationId=3,
        transactionInfo={"chargingState": "EVConnected", "remoteStartId": 9},
        meterValue=register(0, 1000, context="Transaction.Begin"),
    )
    updated = await station2.event("Updated", 1, 30, meterValue=register(30, 3000))
    await station2.event("Updated", 2, 45, transactionInfo={"chargingState": "SuspendedEV"})
    ended = await station2.event(
        "Ended",
        3,
        60,
        transactionInfo={"stoppedReason": "EVDisconnected", "chargingState": "Idle"},
        meterValue=register(60, 6000.5, context="Transaction.End"),
    )

    assert (started, updated, ended) == ({"idTokenInfo": {"status": "Accepted"}}, {}, {})
    transaction = await ledger.transactions.get("CS1:tx-1")
    assert transaction is not None
    assert transaction.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"evidence"}) == {
        "id": "CS1:tx-1",
        "stationId": "CS1",
        "transactionId": "tx-1",
        "ocppVersion": station2.version,
        "evseId": 2,
        "connectorId": 1,
        "idToken": "TAG",
        "idTokenKey": "tag",
        "idTokenType": "ISO14443",
        "idTokenStatus": "Accepted",
        "active": False,
        "startedAt": minute(0),
        "endedAt": minute(60),
        "lastEventAt": minute(60),
        "meterStartWh": 1000,
        "meterStopWh": 6000.5,
        "energyWh": 5000.5,
        "stoppedReason": "EVDisconnected",
        "chargingState": "Idle",
        "remoteStartId": 9,
        "reservationId": 3,
        "offline": False,
        "missingSeqNos": [],
        "suspect": [],
    }


async def test_a_missing_reason_is_local(station2: Station, ledger: Ledger) -> None:
    await station2.event("Ended", 0, 0)

    transaction = await ledger.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.stopped_reason == "Local"


async def test_the_same_transaction_id_of_two_stations_is_two_transactions(ledger: Ledger) -> None:
    for id in ("CS1", "CS2", "CS:1"):
        await Station(ledger, Version.V201, id).event("Started", 0, 0)

    assert len(await documents(ledger.transactions, transactionId="tx-1")) == 3
    assert await ledger.transactions.get("CS%3A1:tx-1") is not None


async def test_an_event_after_the_end_counts_and_does_not_reopen(station2: Station, ledger: Ledger) -> None:
    await station2.event("Started", 0, 0, meterValue=register(0, 0))
    await station2.event("Ended", 3, 60, meterValue=register(60, 500))

    await station2.event("Updated", 1, 61, meterValue=register(61, 600))

    transaction = await ledger.transactions.get("CS1:tx-1")
    assert transaction is not None and not transaction.active
    assert (transaction.energy_wh, transaction.missing_seq_nos) == (600, [2])
    assert len(await documents(ledger.meter_values, transaction="CS1:tx-1")) == 3
    topics = [topic for topic, _ in ledger.bus.published]  # type: ignore[attr-defined]
    assert topics == ["TransactionStarted", "TransactionEnded", "TransactionEnded"]


async def test_gaps_are_named_until_they_are_filled(station2: Station, ledger: Ledger) -> None:
    for seq_no in (10, 12, 15):
        await station2.event("Started" if seq_no == 10 else "Updated", seq_no, seq_no)

    transaction = await ledger.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.missing_seq_nos == [11, 13, 14]
    for seq_no in (14, 11, 13):
        await station2.event("Updated", seq_no, seq_no)
    transaction = await ledger.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.missing_seq_nos == []


async def test_without_its_start_a_transaction_is_suspect(station2: Station, ledger: Ledger) -> None:
    await station2.event("Updated", 5, 5)

    transaction = await ledger.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.suspect == [NO_START]
    await station2.event("Started", 0, 0)
    transaction = await ledger.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.suspect == []
    assert transaction.missing_seq_nos == [1, 2, 3, 4]


async def test_a_station_that_never_counts_loses_nothing(station2: Station, ledger: Ledger) -> None:
    await station2.event("Started", 0, 0, meterValue=register(0, 100))
    await station2.event("Updated", 0, 1, meterValue=register(1, 110))
    await station2.event("Updated", 0, 2, meterValue=register(2, 120))
    await station2.event("Ended", 0, 3, meterValue=register(3, 130))

    transaction = await ledger.transactions.get("CS1:tx-1")
    assert transaction is not None and not transaction.active
    assert (transaction.energy_wh, transaction.missing_seq_nos, transaction.suspect) == (30, [], [])
    assert len(await documents(ledger.meter_values, transaction="CS1:tx-1")) == 4


async def test_events_of_one_moment_follow_by_their_numbers(station2: Station, ledger: Ledger) -> None:
    await station2.event("Updated", 10, 5, transactionInfo={"chargingState": "Charging"})
    await station2.event("Updated", 9, 5, transactionInfo={"chargingState": "SuspendedEV"})

    transaction = await ledger.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.charging_state == "Charging"


async def test_one_offline_event_marks_the_transaction(station2: Station, ledger: Ledger) -> None:
    await station2.event("Updated", 1, 1, offline=True)
    await station2.event("Started", 0, 0, offline=False)

    transaction = await ledger.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.offline


@pytest.mark.parametrize("timestamp", ["1970-01-01T00:00:00Z", "2099-12-31T23:59:59Z"])
async def test_times_far_away_are_kept(station2: Station, ledger: Ledger, timestamp: str) -> None:
    await station2.event("Started", 0, 0, timestamp=timestamp)

    transaction = await ledger.transactions.get("CS1:tx-1")
    assert transaction is not None
    assert transaction.model_dump(mode="json")["started_at"] == timestamp.replace("Z", ".000Z")


async def test_the_start_is_told_again_by_the_message_that_first_names_the_evse(
    station2: Station, ledger: Ledger
) -> None:
    evse = {"id": 2, "connectorId": 1}
    await station2.event("Started", 0, 0)
    await station2.event("Updated", 2, 2, evse=evse)
    await station2.event("Updated", 1, 1, evse=evse)
    for _ in range(2):
        await station2.event("Updated", 3, 3, evse=evse)

    published: list[tuple[str, Message]] = ledger.bus.published  # type: ignore[attr-defined]
    starts = [TRANSACTION_STARTED.decode(message.data) for _, message in published]
    assert [start.evse_id for start in starts] == [None, 2, 2]


async def test_an_end_before_the_start_is_suspect(station2: Station, ledger: Ledger) -> None:
    await station2.event("Started", 0, 10)
    await station2.event("Ended", 1, 5)

    transaction = await ledger.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.suspect == [ENDED_EARLY]


async def test_meter_values_by_themselves_are_kept(station2: Station, ledger: Ledger) -> None:
    values = {"evseId": 1, "meterValue": register(5, 10) + register(6, 11)}

    assert await station2.send("MeterValues", values) == {}
    assert await station2.send("MeterValues", values) == {}

    assert len(await documents(ledger.meter_values, stationId="CS1", evseId=1)) == 2
    assert await ledger.transactions.count({}) == 0


async def test_an_event_that_comes_again_changes_nothing(station2: Station, ledger: Ledger) -> None:
    events = [("Started", 0, 0.0), ("Updated", 1, 1.0), ("Ended", 2, 2.0)]
    for event_type, seq_no, at in events:
        await station2.event(event_type, seq_no, at, meterValue=register(at, 100 + at), idToken=token())
    before = await ledger.transactions.get("CS1:tx-1")

    for event_type, seq_no, at in events:
        again = await station2.event(
            event_type, seq_no, at, meterValue=register(at, 100 + at), idToken=token()
        )
        assert again == {"idTokenInfo": {"status": "Accepted"}}

    assert await ledger.transactions.get("CS1:tx-1") == before
    assert await ledger.meter_values.count({}) == 3
