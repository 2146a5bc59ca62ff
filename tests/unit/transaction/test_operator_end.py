"""An operator ends a transaction whose end the station does not report."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from libs.csms.clients.authorization import Authorization
from libs.ocpp_messages.event import TRANSACTION_ENDED
from libs.ocpp_messages.version import Version
from services.transaction.evidence import Evidence, OperatorEnd
from services.transaction.service import TransactionService
from services.transaction.warnings import (
    CONTINUED_AFTER_END,
    ENDED_BY_OPERATOR,
    START_MISSING,
)

from .fakes import NOW, Json, Station, UserService, minute, register_v2, register_v16


async def test_the_operator_ends_it_with_a_register_of_his_choice(
    client: httpx.AsyncClient, station_v16: Station, service: TransactionService
) -> None:
    id = await _started(station_v16)

    body = {"meterStopWh": 6000.25, "reason": "PowerLoss", "endedAt": minute(60)}
    answer = await client.post(f"/transactions/{id}/end", json=body)

    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert (shown["active"], shown["endedAt"], shown["stoppedReason"]) == (False, minute(60), "PowerLoss")
    assert (shown["meterStopWh"], shown["energyWh"]) == (6000.25, 5000.25)
    assert (shown["warnings"], shown["quality"]) == ([ENDED_BY_OPERATOR], "doubtful")
    assert shown["operatorEnd"] == {
        "requestedAt": minute(120),
        "endedAt": minute(60),
        "meterStopWh": 6000.25,
        "reason": "PowerLoss",
    }
    topic, message = service.bus.published[-1]  # type: ignore[attr-defined]
    ended = TRANSACTION_ENDED.decode(message.data)
    assert (topic, ended.energy_wh, ended.ended_at) == ("TransactionEnded", Decimal("5000.25"), minute(60))
    assert (ended.quality, ended.warnings) == ("doubtful", [ENDED_BY_OPERATOR])


async def test_without_a_register_the_highest_reading_counts(
    client: httpx.AsyncClient, station_v16: Station
) -> None:
    id = await _started(station_v16)

    shown = (await client.post(f"/transactions/{id}/end", json={})).json()

    assert (shown["meterStopWh"], shown["energyWh"], shown["stoppedReason"]) == (3000, 2000, "Other")
    assert shown["endedAt"] == minute(120)


async def test_the_same_end_is_answered_again_and_another_is_a_conflict(
    client: httpx.AsyncClient, station_v16: Station, service: TransactionService
) -> None:
    id = await _started(station_v16)
    first = await client.post(f"/transactions/{id}/end", json={"meterStopWh": 4000})
    published = len(service.bus.published)  # type: ignore[attr-defined]

    again = await client.post(f"/transactions/{id}/end", json={"meterStopWh": 4000})
    other = await client.post(f"/transactions/{id}/end", json={"meterStopWh": 5000})

    assert (again.status_code, again.json()) == (200, first.json())
    assert len(service.bus.published) == published + 1  # type: ignore[attr-defined]
    assert (other.status_code, other.json()["detail"]) == (409, f"transaction {id} has ended")


async def test_what_the_station_has_ended_is_a_conflict(
    client: httpx.AsyncClient, station_v16: Station
) -> None:
    id = await _started(station_v16)
    await station_v16.stop(int(id.removeprefix("CS1:")))

    assert (await client.post(f"/transactions/{id}/end", json={"meterStopWh": 1})).status_code == 409
    assert (await client.post("/transactions/CS1:none/end", json={})).status_code == 404


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"meterStopWh": 999}, "meterStopWh"),
        ({"meterStopWh": 2999}, "belowHighest"),
        ({"meterStopWh": 999, "belowHighest": True}, "meterStopWh"),
        ({"meterStopWh": -1}, "meterStopWh"),
        ({"meterStopWh": "NaN"}, "meterStopWh"),
        ({"meterStopWh": 1e300}, "meterStopWh"),
        ({"meterStopWh": 5000.0000001}, "meterStopWh"),
        ({"endedAt": minute(-1)}, "endedAt"),
        ({"endedAt": minute(122)}, "endedAt"),
        ({"reason": ""}, "reason"),
        ({"meterStop": 5000}, "meterStop"),
    ],
)
async def test_an_end_that_cannot_be_is_refused(
    client: httpx.AsyncClient, station_v16: Station, body: Json, place: str
) -> None:
    id = await _started(station_v16)

    answer = await client.post(f"/transactions/{id}/end", json=body)

    assert answer.status_code == 422 and place in answer.text
    assert (await client.get(f"/transactions/{id}")).json()["active"] is True


async def test_below_a_reading_that_is_wrong_the_register_of_the_operator_counts(
    client: httpx.AsyncClient, station_v16: Station
) -> None:
    id = await _started(station_v16)

    body = {"meterStopWh": 2500, "belowHighest": True, "endedAt": minute(60)}
    shown = (await client.post(f"/transactions/{id}/end", json=body)).json()

    assert (shown["meterStopWh"], shown["meterHighestWh"], shown["energyWh"]) == (2500, 3000, 1500)
    assert shown["warnings"] == [ENDED_BY_OPERATOR]


async def test_the_token_is_free_again(
    client: httpx.AsyncClient, station_v16: Station, service: TransactionService, users: UserService
) -> None:
    users.known["tag"] = Authorization(status="Accepted", max_active_transactions=1)
    id = await _started(station_v16)
    await client.post(f"/transactions/{id}/end", json={})

    answer = await Station(service, Version.V16, "CS2").start()

    assert answer["idTagInfo"] == {"status": "Accepted"}


async def test_a_stop_that_the_station_sends_later_counts_and_the_mark_stays(
    client: httpx.AsyncClient, station_v16: Station, service: TransactionService
) -> None:
    id = await _started(station_v16)
    await client.post(f"/transactions/{id}/end", json={"meterStopWh": 4000, "reason": "PowerLoss"})

    await station_v16.stop(int(id.removeprefix("CS1:")), reason="EVDisconnected")

    shown = (await client.get(f"/transactions/{id}")).json()
    assert (shown["endedAt"], shown["stoppedReason"]) == (minute(60), "EVDisconnected")
    assert (shown["meterStopWh"], shown["energyWh"]) == (6000, 5000)
    assert shown["operatorEnd"]["meterStopWh"] == 4000
    assert shown["warnings"] == [ENDED_BY_OPERATOR]
    _, message = service.bus.published[-1]  # type: ignore[attr-defined]
    assert TRANSACTION_ENDED.decode(message.data).energy_wh == 5000


async def test_a_station_that_goes_on_after_the_end_is_marked(
    client: httpx.AsyncClient, station_v2: Station
) -> None:
    await station_v2.event("Updated", 1, 0, meterValue=register_v2(0, 1000))
    await station_v2.event("Updated", 2, 1, transactionInfo={"chargingState": "Charging"})
    ended = (await client.post("/transactions/CS1:tx-1/end", json={"meterStopWh": 1500})).json()
    await station_v2.event("Updated", 3, 130, meterValue=register_v2(130, 2000))

    shown = (await client.get("/transactions/CS1:tx-1")).json()
    assert "chargingState" not in ended
    assert ended["warnings"] == sorted([START_MISSING, ENDED_BY_OPERATOR])
    assert (shown["active"], shown["energyWh"]) == (False, 500)
    assert shown["warnings"] == sorted([START_MISSING, ENDED_BY_OPERATOR, CONTINUED_AFTER_END])


async def test_doubtful_transactions_are_found(
    client: httpx.AsyncClient, service: TransactionService
) -> None:
    clean, doubtful = Station(service, Version.V16, "CS1"), Station(service, Version.V16, "CS2")
    await clean.start()
    id = (await doubtful.start())["transactionId"]
    await doubtful.refused("StopTransaction", {"transactionId": id})

    async def found(**query: Any) -> list[str]:
        items = (await client.get("/transactions", params=query)).json()["items"]
        return [item["stationId"] for item in items]

    assert await found(quality="doubtful") == ["CS2"]
    assert await found(quality="clean") == ["CS1"]
    assert await found(quality="doubtful", active=True) == []
    assert await found(quality="doubtful", stationId="CS2") == ["CS2"]
    assert (await client.get("/transactions", params={"quality": "good"})).status_code == 422


def test_of_two_ends_the_first_counts_whichever_comes_first() -> None:
    one, two = (
        Evidence(operator_end=OperatorEnd(requested_at=NOW, ended_at=NOW, reason=reason)) for reason in "ab"
    )

    assert one.merge(two) == two.merge(one)
    assert one.merge(one) is one


async def _started(station: Station) -> str:
    id = (await station.start())["transactionId"]
    values = {"connectorId": 1, "transactionId": id, "meterValue": register_v16(30, "3000")}
    await station.send("MeterValues", values)
    return f"CS1:{id}"
