from __future__ import annotations

import asyncio
from decimal import Decimal

from libs.ocpp_messages.event import TRANSACTION_ENDED, TRANSACTION_STARTED
from libs.ocpp_messages.version import Version
from services.transaction.service import TransactionService
from services.transaction.warnings import ID_NEVER_ASSIGNED, START_MISSING
from tests.documents import documents

from .fakes import Station, minute, register_v16


async def test_a_session_is_one_transaction(station_v16: Station, service: TransactionService) -> None:
    started = await station_v16.start(reservationId=7)
    id = started["transactionId"]
    meter = {"connectorId": 1, "transactionId": id, "meterValue": register_v16(30, "3.5", unit="kWh")}
    assert await station_v16.send("MeterValues", meter) == {}
    stopped = await station_v16.stop(id, idTag="TAG", reason="EVDisconnected")

    assert started["idTagInfo"] == stopped["idTagInfo"] == {"status": "Accepted"}
    transaction = await service.transactions.get(f"CS1:{id}")
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
        "warnings": [],
        "quality": "clean",
    }


async def test_energy_runs_while_the_transaction_is_active(
    station_v16: Station, service: TransactionService
) -> None:
    id = (await station_v16.start())["transactionId"]

    await station_v16.send(
        "MeterValues", {"connectorId": 1, "transactionId": id, "meterValue": register_v16(10, "1250.5")}
    )

    transaction = await service.transactions.get(f"CS1:{id}")
    assert transaction is not None and transaction.active
    assert transaction.energy_wh == Decimal("250.5")
    assert transaction.meter_stop_wh is None


async def test_a_start_that_comes_again_has_the_same_id(
    station_v16: Station, service: TransactionService
) -> None:
    first = await station_v16.start()

    again = await station_v16.start()
    other_case = await station_v16.start(idTag="tag")

    assert first == again == other_case
    assert (
        len(
            await documents(
                service.transactions,
            )
        )
        == 1
    )


async def test_a_reserved_id_without_a_transaction_is_given_to_the_same_start(
    station_v16: Station, service: TransactionService
) -> None:
    id = (await station_v16.start())["transactionId"]
    await service.transactions.delete(f"CS1:{id}")

    assert (await station_v16.start())["transactionId"] == id
    assert await service.transactions.get(f"CS1:{id}") is not None


async def test_two_sockets_of_a_station_have_different_transactions(station_v16: Station) -> None:
    left, right = await station_v16.start(connectorId=1), await station_v16.start(connectorId=2)

    assert left["transactionId"] != right["transactionId"]


async def test_an_id_that_another_start_holds_is_not_given(
    station_v16: Station, service: TransactionService
) -> None:
    id = (await station_v16.start())["transactionId"]
    await service.transaction_ids.update(str(id), lambda reserved: reserved.changed(start="another"))

    other = (await station_v16.start())["transactionId"]

    assert other != id
    assert (await station_v16.start())["transactionId"] == other


async def test_starts_side_by_side_have_ids_of_their_own(service: TransactionService) -> None:
    stations = [Station(service, Version.V16, f"CS{number}") for number in range(10)]

    answers = await asyncio.gather(*(station.start() for station in stations))

    ids = {answer["transactionId"] for answer in answers}
    assert len(ids) == 10
    assert all(0 < id < 2**31 for id in ids)


async def test_the_same_start_side_by_side_is_one_transaction(
    station_v16: Station, service: TransactionService
) -> None:
    answers = await asyncio.gather(*(station_v16.start() for _ in range(10)))

    assert len({answer["transactionId"] for answer in answers}) == 1
    assert (
        len(
            await documents(
                service.transactions,
            )
        )
        == 1
    )


async def test_a_stop_under_an_id_never_given_is_accepted_and_kept(
    station_v16: Station, service: TransactionService
) -> None:
    assert await station_v16.stop(-1, idTag="TAG") == {"idTagInfo": {"status": "Accepted"}}
    assert await station_v16.stop(-1, idTag="TAG") == {"idTagInfo": {"status": "Accepted"}}
    assert await station_v16.stop(-1, timestamp=minute(99)) == {}
    assert await station_v16.stop(0) == {}

    assert len(await documents(service.transactions, transactionId="-1")) == 2
    assert len(await documents(service.transactions, transactionId="0")) == 1
    assert len(await documents(service.transactions, active=False)) == 3


async def test_a_stop_without_a_start_knows_no_energy(
    station_v16: Station, service: TransactionService
) -> None:
    await station_v16.stop(-1)
    await station_v16.stop(4711, idTag="TAG")

    unknown = await service.transactions.get("CS1:4711")
    assert unknown is not None and unknown.warnings == [START_MISSING]
    assert (unknown.meter_start_wh, unknown.meter_stop_wh, unknown.energy_wh) == (None, 6000, None)
    assert (unknown.started_at, unknown.id_token) == (unknown.ended_at, "TAG")
    never_given = await documents(service.transactions, transactionId="-1")
    assert [(one.energy_wh, one.warnings) for one in never_given] == [
        (None, [START_MISSING, ID_NEVER_ASSIGNED])
    ]


async def test_the_start_may_come_after_the_stop(station_v16: Station, service: TransactionService) -> None:
    id = (await station_v16.start())["transactionId"]
    await service.transactions.delete(f"CS1:{id}")
    await station_v16.stop(id)

    await station_v16.start()

    transaction = await service.transactions.get(f"CS1:{id}")
    assert transaction is not None and not transaction.active
    assert (transaction.energy_wh, transaction.warnings) == (5000, [])


async def test_meter_values_of_an_unknown_transaction_are_kept(
    station_v16: Station, service: TransactionService
) -> None:
    values = {
        "connectorId": 2,
        "transactionId": 99,
        "meterValue": register_v16(5, "10") + register_v16(7, "11"),
    }

    assert await station_v16.send("MeterValues", values) == {}

    transaction = await service.transactions.get("CS1:99")
    assert transaction is not None and transaction.active and transaction.warnings == [START_MISSING]
    assert (transaction.connector_id, transaction.energy_wh) == (2, 1)
    assert len(await documents(service.meter_values, transaction="CS1:99")) == 2


async def test_meter_values_of_no_transaction_are_kept(
    station_v16: Station, service: TransactionService
) -> None:
    for about in ({}, {"transactionId": -1}, {"transactionId": 0}):
        values = {"connectorId": 0, "meterValue": register_v16(5, "10"), **about}
        assert await station_v16.send("MeterValues", values) == {}

    assert (
        len(
            await documents(
                service.transactions,
            )
        )
        == 0
    )
    assert len(await documents(service.meter_values, stationId="CS1", connectorId=0)) == 1


async def test_meter_values_without_any_value_are_answered(
    station_v16: Station, service: TransactionService
) -> None:
    empty = {"timestamp": minute(1), "sampledValue": []}

    assert (
        await station_v16.send("MeterValues", {"connectorId": 1, "transactionId": 5, "meterValue": []}) == {}
    )
    assert await station_v16.send("MeterValues", {"connectorId": 1, "meterValue": [empty]}) == {}

    assert (
        len(
            await documents(
                service.meter_values,
            )
        )
        == 0
    )


async def test_what_comes_again_changes_nothing(station_v16: Station, service: TransactionService) -> None:
    id = (await station_v16.start())["transactionId"]
    values = {"connectorId": 1, "transactionId": id, "meterValue": register_v16(30, "3000")}
    stop = {"idTag": "TAG", "transactionData": register_v16(30, "3000") + register_v16(60, "6000")}
    await station_v16.send("MeterValues", values)
    await station_v16.stop(id, **stop)
    before = (
        await service.transactions.get(f"CS1:{id}"),
        len(
            await documents(
                service.meter_values,
            )
        ),
    )

    await station_v16.start()
    await station_v16.send("MeterValues", values)
    await station_v16.stop(id, **stop)

    assert (
        await service.transactions.get(f"CS1:{id}"),
        len(
            await documents(
                service.meter_values,
            )
        ),
    ) == before
    assert before[1] == 2


async def test_a_start_and_every_stop_are_published(
    station_v16: Station, service: TransactionService
) -> None:
    id = (await station_v16.start())["transactionId"]
    published = service.bus.published  # type: ignore[attr-defined]
    [(topic, message)] = published
    started = TRANSACTION_STARTED.decode(message.data)
    assert (topic, started.id, started.transaction_id) == ("TransactionStarted", f"CS1:{id}", str(id))
    assert (started.connector_id, started.id_token, started.started_at) == (1, "TAG", minute(0))
    published.clear()

    await station_v16.stop(id)
    await station_v16.stop(id)

    (topic, message), again = published
    assert (topic, message) == again
    assert (topic, message.kind, message.station_id) == ("TransactionEnded", "event", "CS1")
    ended = TRANSACTION_ENDED.decode(message.data)
    assert (ended.id, ended.transaction_id, ended.energy_wh) == (f"CS1:{id}", str(id), 5000)
    assert (ended.id_token, ended.started_at, ended.ended_at) == ("TAG", minute(0), minute(60))
