from __future__ import annotations

import pytest

from libs.ocpp_messages.event import TRANSACTION_RESUMED, TRANSACTION_STARTED
from libs.ocpp_messages.message import Message
from libs.ocpp_messages.version import Version
from services.transaction.service import TransactionService
from services.transaction.warnings import ENDED_BEFORE_START, SEQ_NO_REPEATED, START_MISSING
from tests.documents import documents

from .fakes import Json, Station, minute, register_v2, token


async def test_a_session_is_one_transaction(station_v2: Station, service: TransactionService) -> None:
    started = await station_v2.event(
        "Started",
        0,
        0,
        evse={"id": 2, "connectorId": 1},
        idToken=token(),
        reservationId=3,
        transactionInfo={"chargingState": "EVConnected", "remoteStartId": 9},
        meterValue=register_v2(0, 1000, context="Transaction.Begin"),
    )
    updated = await station_v2.event("Updated", 1, 30, meterValue=register_v2(30, 3000))
    await station_v2.event("Updated", 2, 45, transactionInfo={"chargingState": "SuspendedEV"})
    ended = await station_v2.event(
        "Ended",
        3,
        60,
        transactionInfo={"stoppedReason": "EVDisconnected", "chargingState": "Idle"},
        meterValue=register_v2(60, 6000.5, context="Transaction.End"),
    )

    assert (started, updated, ended) == ({"idTokenInfo": {"status": "Accepted"}}, {}, {})
    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None
    assert transaction.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"evidence"}) == {
        "id": "CS1:tx-1",
        "stationId": "CS1",
        "transactionId": "tx-1",
        "ocppVersion": station_v2.version,
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
        "warnings": [],
        "quality": "clean",
    }


async def test_a_missing_reason_is_local(station_v2: Station, service: TransactionService) -> None:
    await station_v2.event("Ended", 0, 0)

    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.stopped_reason == "Local"


async def test_the_same_transaction_id_of_two_stations_is_two_transactions(
    service: TransactionService,
) -> None:
    for id in ("CS1", "CS2", "CS:1"):
        await Station(service, Version.V201, id).event("Started", 0, 0)

    assert len(await documents(service.transactions, transactionId="tx-1")) == 3
    assert await service.transactions.get("CS%3A1:tx-1") is not None


async def test_an_event_after_the_end_counts_and_does_not_reopen(
    station_v2: Station, service: TransactionService
) -> None:
    await station_v2.event("Started", 0, 0, meterValue=register_v2(0, 0))
    await station_v2.event("Ended", 3, 60, meterValue=register_v2(60, 500))

    await station_v2.event("Updated", 1, 61, meterValue=register_v2(61, 600))

    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None and not transaction.active
    assert (transaction.energy_wh, transaction.missing_seq_nos) == (600, [2])
    assert len(await documents(service.meter_values, transaction="CS1:tx-1")) == 3
    topics = [topic for topic, _ in service.bus.published]  # type: ignore[attr-defined]
    assert topics == ["TransactionStarted", "TransactionEnded", "TransactionEnded"]


async def test_gaps_are_named_until_they_are_filled(station_v2: Station, service: TransactionService) -> None:
    for seq_no in (10, 12, 15):
        await station_v2.event("Started" if seq_no == 10 else "Updated", seq_no, seq_no)

    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.missing_seq_nos == [11, 13, 14]
    for seq_no in (14, 11, 13):
        await station_v2.event("Updated", seq_no, seq_no)
    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.missing_seq_nos == []


async def test_without_its_start_a_transaction_has_a_warning(
    station_v2: Station, service: TransactionService
) -> None:
    await station_v2.event("Updated", 5, 5)

    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.warnings == [START_MISSING]
    await station_v2.event("Started", 0, 0)
    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.warnings == []
    assert transaction.missing_seq_nos == [1, 2, 3, 4]


async def test_a_station_that_never_counts_loses_nothing(
    station_v2: Station, service: TransactionService
) -> None:
    await station_v2.event("Started", 0, 0, meterValue=register_v2(0, 100))
    await station_v2.event("Updated", 0, 1, meterValue=register_v2(1, 110))
    await station_v2.event("Updated", 0, 2, meterValue=register_v2(2, 120))
    await station_v2.event("Ended", 0, 3, meterValue=register_v2(3, 130))

    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None and not transaction.active
    assert (transaction.energy_wh, transaction.missing_seq_nos) == (30, [])
    assert transaction.warnings == [SEQ_NO_REPEATED]
    assert len(await documents(service.meter_values, transaction="CS1:tx-1")) == 4


async def test_events_of_one_moment_follow_by_their_numbers(
    station_v2: Station, service: TransactionService
) -> None:
    await station_v2.event("Updated", 10, 5, transactionInfo={"chargingState": "Charging"})
    await station_v2.event("Updated", 9, 5, transactionInfo={"chargingState": "SuspendedEV"})

    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.charging_state == "Charging"


async def test_one_offline_event_marks_the_transaction(
    station_v2: Station, service: TransactionService
) -> None:
    await station_v2.event("Updated", 1, 1, offline=True)
    await station_v2.event("Started", 0, 0, offline=False)

    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.offline


@pytest.mark.parametrize("timestamp", ["1970-01-01T00:00:00Z", "2099-12-31T23:59:59Z"])
async def test_times_far_away_are_kept(
    station_v2: Station, service: TransactionService, timestamp: str
) -> None:
    await station_v2.event("Started", 0, 0, timestamp=timestamp)

    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None
    assert transaction.model_dump(mode="json")["started_at"] == timestamp.replace("Z", ".000Z")


async def test_an_end_before_the_start_is_a_warning(station_v2: Station, service: TransactionService) -> None:
    await station_v2.event("Started", 0, 10)
    await station_v2.event("Ended", 1, 5)

    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.warnings == [ENDED_BEFORE_START]


async def test_meter_values_by_themselves_are_kept(station_v2: Station, service: TransactionService) -> None:
    values = {"evseId": 1, "meterValue": register_v2(5, 10) + register_v2(6, 11)}

    assert await station_v2.send("MeterValues", values) == {}
    assert await station_v2.send("MeterValues", values) == {}

    assert len(await documents(service.meter_values, stationId="CS1", evseId=1)) == 2
    assert (
        len(
            await documents(
                service.transactions,
            )
        )
        == 0
    )


async def test_an_event_that_comes_again_changes_nothing(
    station_v2: Station, service: TransactionService
) -> None:
    events = [("Started", 0, 0.0), ("Updated", 1, 1.0), ("Ended", 2, 2.0)]
    for event_type, seq_no, at in events:
        await station_v2.event(event_type, seq_no, at, meterValue=register_v2(at, 100 + at), idToken=token())
    before = await service.transactions.get("CS1:tx-1")

    for event_type, seq_no, at in events:
        again = await station_v2.event(
            event_type, seq_no, at, meterValue=register_v2(at, 100 + at), idToken=token()
        )
        assert again == {"idTokenInfo": {"status": "Accepted"}}

    assert await service.transactions.get("CS1:tx-1") == before
    assert (
        len(
            await documents(
                service.meter_values,
            )
        )
        == 3
    )


@pytest.mark.parametrize(
    ("origin", "ids"),
    [({"reservationId": 3}, (None, 3)), ({"transactionInfo": {"remoteStartId": 9}}, (9, None))],
)
async def test_what_a_transaction_came_from_is_published_when_it_is_known(
    station_v2: Station, service: TransactionService, origin: Json, ids: tuple[int | None, int | None]
) -> None:
    published = service.bus.published  # type: ignore[attr-defined]
    await station_v2.event("Started", 0, 0)
    published.clear()

    await station_v2.event("Updated", 1, 1)
    assert published == []
    await station_v2.event("Updated", 2, 2, **origin)

    [(topic, message)] = published
    event = TRANSACTION_STARTED.decode(message.data)
    assert (topic, event.remote_start_id, event.reservation_id) == ("TransactionStarted", *ids)


async def test_the_start_is_published_again_by_the_message_that_first_names_the_evse(
    station_v2: Station, service: TransactionService
) -> None:
    evse = {"id": 2, "connectorId": 1}
    await station_v2.event("Started", 0, 0)
    await station_v2.event("Updated", 2, 2, evse=evse)
    await station_v2.event("Updated", 1, 1, evse=evse)
    for _ in range(2):
        await station_v2.event("Updated", 3, 3, evse=evse)

    published: list[tuple[str, Message]] = service.bus.published  # type: ignore[attr-defined]
    starts = [TRANSACTION_STARTED.decode(message.data) for _, message in published]
    assert [start.evse_id for start in starts] == [None, 2, 2]


async def test_a_resumption_is_published_as_long_as_the_transaction_goes_on(
    station_v21: Station, service: TransactionService
) -> None:
    published = service.bus.published  # type: ignore[attr-defined]
    resumed = {"triggerReason": "TxResumed"}
    await station_v21.event("Updated", 2, 2, triggerReason="MeterValuePeriodic")
    assert published == []

    assert await station_v21.event("Updated", 3, 3, **resumed) == {}

    [(topic, message)] = published
    assert (topic, message.station_id) == (TRANSACTION_RESUMED.name, "CS1")
    event = TRANSACTION_RESUMED.decode(message.data)
    assert (event.id, event.transaction_id, event.seq_no) == ("CS1:tx-1", "tx-1", 3)
    await station_v21.event("Ended", 5, 5)
    await station_v21.event("Updated", 4, 4, **resumed)
    assert [topic for topic, _ in published] == ["TransactionResumed", "TransactionEnded", "TransactionEnded"]


@pytest.mark.parametrize(
    ("ended", "shown"),
    [({"chargingState": "EVConnected"}, "EVConnected"), ({"chargingState": "Charging"}, None), ({}, None)],
)
async def test_what_has_ended_is_not_charging(
    station_v2: Station, service: TransactionService, ended: Json, shown: str | None
) -> None:
    await station_v2.event("Started", 0, 0, transactionInfo={"chargingState": "Charging"})
    await station_v2.event("Ended", 2, 20, transactionInfo=ended)
    await station_v2.event("Updated", 1, 10, transactionInfo={"chargingState": "SuspendedEV"})

    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.charging_state == shown


async def test_different_events_of_one_seq_no_are_marked_and_the_same_again_is_not(
    station_v2: Station, service: TransactionService
) -> None:
    for seq_no, at in ((0, 0), (1, 10), (1, 10), (2, 20)):
        await station_v2.event("Updated", seq_no, at, offline=at == 10)
    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.warnings == [START_MISSING]

    await station_v2.event("Updated", 1, 11)

    transaction = await service.transactions.get("CS1:tx-1")
    assert transaction is not None and transaction.warnings == [SEQ_NO_REPEATED, START_MISSING]
