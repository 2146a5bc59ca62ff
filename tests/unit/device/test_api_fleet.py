from __future__ import annotations

import httpx

from libs.ocpp_messages.event import DeadLetter, StationConnected, StationDisconnected
from libs.ocpp_messages.version import Version
from services.device.registry.model import Station
from services.device.service import Device

from .station import Csms, after
from .test_status_notification import status, status_v16


async def test_a_station_that_never_connected_has_a_status(
    client: httpx.AsyncClient, registered: Station
) -> None:
    answer = await client.get("/chargingstations/CS1/status")

    assert answer.json() == {
        "id": "CS1",
        "registrationStatus": "Accepted",
        "connected": False,
        "connectors": [],
    }


async def test_the_status_of_a_station_shows_its_connection_and_connectors(
    csms: Csms, client: httpx.AsyncClient, registered: Station
) -> None:
    await csms.event(StationConnected())
    for evse_id in (10, 2):
        await csms.call("StatusNotification", status("Available", evse_id))
    await csms.call("StatusNotification", status_v16(1, "Charging"), version=Version.V16, at=after(1))
    await csms.event(StationDisconnected(code=1006, reason="no pong"), at=after(9))

    answer = (await client.get("/chargingstations/CS1/status")).json()

    connectors = answer.pop("connectors")
    assert answer == {
        "id": "CS1",
        "registrationStatus": "Accepted",
        "connected": False,
        "connectedAt": "2026-11-20T12:00:00.000Z",
        "disconnectedAt": "2026-11-20T12:00:09.000Z",
        "closeCode": 1006,
        "closeReason": "no pong",
        "lastSeen": "2026-11-20T12:00:09.000Z",
        "ocppVersion": "ocpp2.0.1",
    }
    assert [connector["evseId"] for connector in connectors] == [1, 2, 10]
    assert connectors[0] == {
        "stationId": "CS1",
        "evseId": 1,
        "connectorId": 1,
        "status": "Charging",
        "reportedAt": "2026-11-20T12:00:01.000Z",
        "errorCode": "NoError",
        "connected": False,
        "disconnectedAt": "2026-11-20T12:00:09.000Z",
    }


async def test_the_summary_counts(
    csms: Csms, device: Device, client: httpx.AsyncClient, registered: Station
) -> None:
    await device.registry.stations.update("CS2", lambda _: Station(id="CS2"))
    await csms.event(StationConnected(), station_id="CS1")
    await csms.event(StationConnected(), station_id="CS2")
    await csms.event(StationDisconnected(code=1000), station_id="CS2", at=after(1))
    for connector_id in (0, 1, 2):
        await csms.call("StatusNotification", status_v16(connector_id, "Available"), version=Version.V16)
    await csms.call("StatusNotification", status("Occupied", 3), at=after(1))
    await csms.call("StatusNotification", status("Occupied", 1), station_id="CS2")
    await csms.event(DeadLetter(topic="T", subscription="s", reason="r", attempts=5))

    summary = (await client.get("/summary")).json()

    counted = {name: count for name, count in summary.pop("connectors").items() if count}
    assert summary == {"chargingStations": 2, "connected": 1, "deadLetters": 1}
    assert counted == {"Available": 2, "Occupied": 1, "Offline": 1}


async def test_connections_can_be_filtered_and_paged(csms: Csms, client: httpx.AsyncClient) -> None:
    for number in range(4):
        await csms.event(StationConnected(), station_id=f"CS{number}", gateway_id=f"g{number % 2}")
    await csms.event(StationDisconnected(code=1000), station_id="CS0", gateway_id="g0", at=after(1))

    async def found(query: str) -> list[str]:
        page = (await client.get(f"/connections?{query}")).json()
        return [connection["stationId"] for connection in page["items"]]

    assert await found("") == ["CS0", "CS1", "CS2", "CS3"]
    assert await found("connected=true&gatewayId=g0") == ["CS2"]
    assert await found("connected=false") == ["CS0"]
    assert await found("ocppVersion=ocpp2.0.1&pageSize=1") == ["CS0"]
    assert await found("ocppVersion=ocpp1.6") == []
    assert (await client.get("/connections?ocppVersion=1.5")).status_code == 422


async def test_connectors_of_the_fleet_are_found_by_status_and_station(
    csms: Csms, client: httpx.AsyncClient
) -> None:
    for number in (1, 2, 10):
        await csms.event(StationConnected(), station_id=f"CS{number}")
        await csms.call("StatusNotification", status("Available", 1), station_id=f"CS{number}")
        await csms.call("StatusNotification", status("Faulted", 2), station_id=f"CS{number}")
    await csms.event(StationDisconnected(code=1000), station_id="CS10", at=after(9))

    async def found(query: str) -> list[tuple[str, int, bool]]:
        page = (await client.get(f"/connectors?{query}")).json()
        return [(one["stationId"], one["evseId"], one["connected"]) for one in page["items"]]

    assert await found("status=Faulted") == [("CS10", 2, False), ("CS1", 2, True), ("CS2", 2, True)]
    assert await found("stationId=CS1") == [("CS1", 1, True), ("CS1", 2, True)]
    assert await found("stationId=CS1&status=Available") == [("CS1", 1, True)]
    assert await found("stationId=CS3") == []
    assert len(await found("")) == 6
    away = (await client.get("/connectors?stationId=CS10&status=Faulted")).json()["items"][0]
    assert (away["status"], away["disconnectedAt"]) == ("Faulted", "2026-11-20T12:00:09.000Z")
    first = (await client.get("/connectors?status=Faulted&pageSize=2")).json()
    assert len(first["items"]) == 2
    assert await found(f"status=Faulted&pageSize=2&pageToken={first['nextPageToken']}") == [("CS2", 2, True)]
    assert (await client.get("/connectors?status=Broken")).status_code == 422
