from __future__ import annotations

import asyncio
from decimal import Decimal

from libs.ocpp_messages.event import TRANSACTION_ENDED, TRANSACTION_STARTED
from libs.ocpp_messages.version import Version
from services.transaction.model import NEVER_GIVEN, NO_START
from services.transaction.service import Ledger
from tests.documents import documents

from .world import Station, minute, register16


async def test_a_session_is_one_transaction(station16: Station, ledger: Ledger) -> None:
    started = await station16.start(reservationId=7)
    id = started["transactionId"]
    meter = {"connectorId": 1, "transactionId": id, "meterValue": register16(30, "3.5", unit="kWh")}
    assert await station16.send("MeterValues", meter) == {}
    stopped = await station16.stop(id, idTag="TAG", reason="EVDisconnected")

    assert started["idTagInfo"] == stopped["idTagInfo"] == {"status": "Accepted"}
    transaction = await ledger.transactions.get(f"CS1:{id}")
    assert transaction is not None
    assert transaction.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"evidence"}) == {
        "id": f"CS1:{id}",
        "stationId": "CS1",
        "transactionId": str(id),
        "ocppVersion": "ocpp1.6",
        "connectorId": 1,
        "idToken": "TAG",
        "idTokenKey": "tag",
        "idTokenStatus": "Accepted",
        "active": False,
        "startedAt": minute(0),
        "endedAt": minute(60),
        "lastEventAt": minute(60),
        "meterStartWh": 1000,
        "meterStopWh": 6000,
        "energyWh": 5000,
        "stoppedReason": "EVDisconnected",
        "reservationId": 7,
        "offline": False,
        "missingSeqNos": [],
        "suspect": [],
    }


async def test_energy_runs_while_the_transaction_is_active(station16: Station, ledger: Ledger) -> None:
    id = (await station16.start())["transactionId"]

    await station16.send(
        "MeterValues", {"connectorId": 1, "transactionId": id, "meterValue": register16(10, "1250.5")}
    )

    transaction = await ledger.transactions.get(f"CS1:{id}")
    assert transaction is not None and transaction.active
    assert transaction.energy_wh == Decimal("250.5")
    assert transaction.meter_stop_wh is None


async def test_a_start_that_comes_again_has_the_same_id(station16: Station, ledger: Ledger) -> None:
    first = await station16.start()

    again = await station16.start()
    other_case = await station16.start(idTag="tag")

    assert first == again == other_case
    assert await ledger.transactions.count({}) == 1


async def test_a_claimed_id_without_a_transaction_is_claimed_by_the_same_start(
    station16: Station, ledger: Ledger
) -> None:
    id = (await station16.start())["transactionId"]
    await ledger.transactions.delete(f"CS1:{id}")

    assert (await station16.start())["transactionId"] == id
    assert await ledger.transactions.get(f"CS1:{id}") is not None


async def test_two_sockets_of_a_station_have_different_transactions(station16: Station) -> None:
    left, right = await station16.start(connectorId=1), await station16.start(connectorId=2)

    assert left["transactionId"] != right["transactionId"]


async def test_an_id_that_another_start_holds_is_not_given(station16: Station, ledger: Ledger) -> None:
    id = (await station16.start())["transactionId"]
    await ledger.transaction_ids.update(str(id), lambda held: held.model_copy(update={"start": "another"}))

    other = (await station16.start())["transactionId"]

    assert other != id
    assert (await station16.start())["transactionId"] == other


async def test_starts_side_by_side_have_ids_of_their_own(ledger: Ledger) -> None:
    stations = [Station(ledger, Version.V16, f"CS{number}") for number in range(10)]

    answers = await asyncio.gather(*(station.start() for station in stations))

    ids = {answer["transactionId"] for answer in answers}
    assert len(ids) == 10
    assert all(0 < id < 2**31 for id in ids)


async def test_the_same_start_side_by_side_is_one_transaction(station16: Station, ledger: Ledger) -> None:
    answers = await asyncio.gather(*(station16.start() for _ in range(10)))

    assert len({answer["transactionId"] for answer in answers}) == 1
    assert await ledger.transactions.count({}) == 1


async def test_a_stop_under_an_id_never_given_is_accepted_and_kept(
    station16: Station, ledger: Ledger
) -> None:
    assert await station16.stop(-1, idTag="TAG") == {"idTagInfo": {"status": "Accepted"}}
    assert await station16.stop(-1, idTag="TAG") == {"idTagInfo": {"status": "Accepted"}}
    assert await station16.stop(-1, timestamp=minute(99)) == {}
    assert await station16.stop(0) == {}

    assert len(await documents(ledger.transactions, transactionId="-1")) == 2
    assert len(await documents(ledger.transactions, transactionId="0")) == 1
    assert len(await documents(ledger.transactions, active=False)) == 3


async def test_a_stop_without_a_start_knows_no_energy(station16: Station, ledger: Ledger) -> None:
    await station16.stop(-1)
    await station16.stop(4711, idTag="TAG")

    unknown = await ledger.transactions.get("CS1:4711")
    assert unknown is not None and unknown.suspect == [NO_START]
    assert (unknown.meter_start_wh, unknown.meter_stop_wh, unknown.energy_wh) == (None, 6000, None)
    assert (unknown.started_at, unknown.id_token) == (unknown.ended_at, "TAG")
    never_given = await documents(ledger.transactions, transactionId="-1")
    assert [(one.energy_wh, one.suspect) for one in never_given] == [(None, [NO_START, NEVER_GIVEN])]


async def test_the_start_may_come_after_the_stop(station16: Station, ledger: Ledger) -> None:
    id = (await station16.start())["transactionId"]
    await ledger.transactions.delete(f"CS1:{id}")
    await station16.stop(id)

    await station16.start()

    transaction = await ledger.transactions.get(f"CS1:{id}")
    assert transaction is not None and not transaction.active
    assert (transaction.energy_wh, transaction.suspect) == (5000, [])


async def test_meter_values_of_an_unknown_transaction_are_kept(station16: Station, ledger: Ledger) -> None:
    values = {"connectorId": 2, "transactionId": 99, "meterValue": register16(5, "10") + register16(7, "11")}

    assert await station16.send("MeterValues", values) == {}

    transaction = await ledger.transactions.get("CS1:99")
    assert transaction is not None and transaction.active and transaction.suspect == [NO_START]
    assert (transaction.connector_id, transaction.energy_wh) == (2, 1)
    assert len(await documents(ledger.meter_values, transaction="CS1:99")) == 2


async def test_meter_values_of_no_transaction_are_kept(station16: Station, ledger: Ledger) -> None:
    for about in ({}, {"transactionId": -1}, {"transactionId": 0}):
        values = {"connectorId": 0, "meterValue": register16(5, "10"), **about}
        assert await station16.send("MeterValues", values) == {}

    assert await ledger.transactions.count({}) == 0
    assert len(await documents(ledger.meter_values, stationId="CS1", connectorId=0)) == 1


async def test_meter_values_without_any_value_are_answered(station16: Station, ledger: Ledger) -> None:
    empty = {"timestamp": minute(1), "sampledValue": []}

    assert await station16.send("MeterValues", {"connectorId": 1, "transactionId": 5, "meterValue": []}) == {}
    assert await station16.send("MeterValues", {"connectorId": 1, "meterValue": [empty]}) == {}

    assert await ledger.meter_values.count({}) == 0


async def test_what_comes_again_changes_nothing(station16: Station, ledger: Ledger) -> None:
    id = (await station16.start())["transactionId"]
    values = {"connectorId": 1, "transactionId": id, "meterValue": register16(30, "3000")}
    stop = {"idTag": "TAG", "transactionData": register16(30, "3000") + register16(60, "6000")}
    await station16.send("MeterValues", values)
    await station16.stop(id, **stop)
    before = await ledger.transactions.get(f"CS1:{id}"), await ledger.meter_values.count({})

    await station16.start()
    await station16.send("MeterValues", values)
    await station16.stop(id, **stop)

    assert (await ledger.transactions.get(f"CS1:{id}"), await ledger.meter_values.count({})) == before
    assert before[1] == 2


async def test_a_start_and_every_stop_are_told(station16: Station, ledger: Ledger) -> None:
    id = (await station16.start())["transactionId"]
    published = ledger.bus.published  # type: ignore[attr-defined]
    [(topic, message)] = published
    started = TRANSACTION_STARTED.decode(message.data)
    assert (topic, started.id, started.transaction_id) == ("TransactionStarted", f"CS1:{id}", str(id))
    assert (started.connector_id, started.id_token, started.started_at) == (1, "TAG", minute(0))
    published.clear()

    await station16.stop(id)
    await station16.stop(id)

    (topic, message), again = published
    assert (topic, message) == again
    assert (topic, message.kind, message.station_id) == ("TransactionEnded", "event", "CS1")
    ended = TRANSACTION_ENDED.decode(message.data)
    assert (ended.id, ended.transaction_id, ended.energy_wh) == (f"CS1:{id}", str(id), 5000)
    assert (ended.id_token, ended.started_at, ended.ended_at) == ("TAG", minute(0), minute(60))
