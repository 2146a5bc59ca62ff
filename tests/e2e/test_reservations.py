"""A place is kept for a driver, who comes, does not come, or changes his mind."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from libs.csms.clock import rfc3339, utc_now

from .station import Json, Station, booted_station
from .system import System

ACCEPTED = {"status": "Accepted"}
VERSIONS = ["1.6", "2.0.1"]


async def command(system: System, id: str, action: str, payload: Json) -> None:
    answer = await system.http.post(f"{system.device}/chargingstations/{id}/commands/{action}", json=payload)
    assert (answer.status_code, answer.json()["status"]) == (200, "answered"), answer.text


async def reserve(system: System, connected: Station, tag: str, number: int, seconds: float = 3600) -> None:
    expiry = rfc3339(utc_now() + timedelta(seconds=seconds))
    connected.answers["ReserveNow"] = ACCEPTED
    payload: Json = {"id": number, "expiryDateTime": expiry, "evseId": 1, "idToken": token(tag)}
    if connected.websocket.subprotocol == "ocpp1.6":
        payload = {"reservationId": number, "expiryDate": expiry, "connectorId": 1, "idTag": tag}
    await command(system, connected.id, "ReserveNow", payload)
    await until(system, connected.id, number, "active")


async def until(system: System, id: str, number: int, status: str) -> Any:
    """The reservation, once it is so."""
    url = f"{system.user}/chargingstations/{id}/reservations/{number}"
    async with asyncio.timeout(30):
        while True:
            answer = await system.http.get(url)
            if answer.status_code == 200 and answer.json()["status"] == status:
                return answer.json()
            await asyncio.sleep(0.1)


async def listed(system: System, **filters: str) -> list[int]:
    page = await system.http.get(f"{system.user}/reservations", params=filters)
    assert page.status_code == 200, page.text
    return sorted(one["reservationId"] for one in page.json()["items"])


def token(tag: str) -> Json:
    return {"idToken": tag, "type": "ISO14443"}


async def start(connected: Station, tag: str, number: int) -> str:
    """A transaction that says which reservation it uses; the station's own id of it."""
    now = rfc3339(utc_now().replace(microsecond=0))
    if connected.websocket.subprotocol == "ocpp1.6":
        started = {"connectorId": 1, "idTag": tag, "meterStart": 0, "timestamp": now, "reservationId": number}
        return str((await connected.call("StartTransaction", started))["transactionId"])
    event = {
        "eventType": "Started",
        "timestamp": now,
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": f"tx-{tag}"},
        "evse": {"id": 1, "connectorId": 1},
        "idToken": token(tag),
        "reservationId": number,
    }
    await connected.call("TransactionEvent", event)
    return f"tx-{tag}"


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_driver_comes_and_charges(system: System, cs: str, tag: str, version: str) -> None:
    async with booted_station(system.gateways[0], cs, version) as connected:
        await reserve(system, connected, tag, 41)
        assert await listed(system, stationId=cs, status="active", idToken=tag.lower()) == [41]

        transaction_id = await start(connected, tag, 41)

        used = await until(system, cs, 41, "used")
        [transaction] = await system.transactions(cs)
        assert (used["transactionId"], used["transaction"]) == (transaction_id, transaction["id"])
        assert (used["idToken"], used["endedAt"]) == (tag, transaction["startedAt"])
        assert await listed(system, stationId=cs, status="active") == []
        await reserve(system, connected, tag, 41)


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_driver_changes_his_mind(system: System, cs: str, tag: str, version: str) -> None:
    async with booted_station(system.gateways[-1], cs, version) as connected:
        await reserve(system, connected, tag, 42)
        connected.answers["CancelReservation"] = {"status": "Rejected"}
        await command(system, cs, "CancelReservation", {"reservationId": 43})
        connected.answers["CancelReservation"] = ACCEPTED
        await command(system, cs, "CancelReservation", {"reservationId": 42})

        assert "endedAt" in await until(system, cs, 42, "cancelled")
        assert await listed(system, stationId=cs) == [42]


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_driver_does_not_come(system: System, cs: str, tag: str, version: str) -> None:
    """No message is needed for it."""
    async with booted_station(system.gateways[0], cs, version) as connected:
        await reserve(system, connected, tag, 44, seconds=3)

        expired = await until(system, cs, 44, "expired")
        assert expired["endedAt"] == expired["expiryDateTime"]
        assert await listed(system, stationId=cs, status="active") == []
        assert await listed(system, stationId=cs, status="expired") == [44]


@pytest.mark.parametrize(("update", "status"), [("Expired", "expired"), ("Removed", "removed")])
async def test_the_station_ends_it(system: System, cs: str, tag: str, update: str, status: str) -> None:
    async with booted_station(system.gateways[-1], cs) as connected:
        await reserve(system, connected, tag, 45)
        ended = {"reservationId": 45, "reservationUpdateStatus": update}
        assert await connected.call("ReservationStatusUpdate", ended) == {}

        assert "endedAt" in await until(system, cs, 45, status)
        await reserve(system, connected, tag, 45)
