"""Stations at the door: refused ones are shown, odd ones are served, shared identities are damped."""

from __future__ import annotations

import asyncio
import itertools
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from .station import Refused, Station, booted_station, station
from .system import System

GATEWAYS = pytest.mark.parametrize("gateway", [0, -1], ids=["action", "inbox"])


async def eventually(read: Callable[[], Awaitable[Any]]) -> Any:
    """What is read, as soon as there is something."""
    async with asyncio.timeout(30):
        while not (found := await read()):
            await asyncio.sleep(0.05)
    return found


async def attempts(system: System, **parameters: str) -> list[Any]:
    answer = await system.http.get(f"{system.device}/connectionattempts", params=parameters)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def status_of(url: str, **options: Any) -> int:
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, **options)
    return refused.value.response.status_code


@GATEWAYS
async def test_an_unknown_station_without_subprotocol_is_found_registered_and_served(
    system: System, name: str, gateway: int
) -> None:
    id, url = f"NEW-{name}", system.gateways[gateway]
    assert await status_of(f"{url}/{id}", subprotocols=None) == 404
    [unknown] = await eventually(lambda: attempts(system, stationId=id))
    assert (unknown["reason"], unknown["subprotocols"]) == ("unknownStation", [])

    registered = {"id": unknown["stationId"], "defaultVersion": "ocpp1.6"}
    assert (await system.http.post(f"{system.device}/chargingstations", json=registered)).status_code == 201
    async with connect(f"{url}//{id}/") as websocket:
        connected = Station(id, websocket)
        reading = asyncio.create_task(connected.read())
        assert websocket.subprotocol is None
        payload = {"chargePointVendor": "ACME", "chargePointModel": "M1"}
        assert (await connected.call("BootNotification", payload))["status"] == "Accepted"
        assert (await system.status(id))["ocppVersion"] == "ocpp1.6"
        reading.cancel()


@GATEWAYS
async def test_a_station_with_odd_spellings_and_a_short_secret(system: System, cs: str, gateway: int) -> None:
    url, secret = system.gateways[gateway], "12345678"
    path = f"{system.device}/chargingstations/{cs}"
    assert (await system.http.post(f"{path}/credentials", json={"weakSecret": secret})).status_code == 201
    right, wrong = (
        {"Authorization": "Basic " + b64encode(f"{cs.lower()}:{text}".encode()).decode()}
        for text in (secret, secret[::-1])
    )
    offer = [Subprotocol("OCPP1.6J")]
    assert await status_of(f"{url}/{cs}", subprotocols=offer, additional_headers=wrong) == 401
    async with connect(f"{url}/{cs}", subprotocols=offer, additional_headers=right) as websocket:
        assert websocket.subprotocol == "OCPP1.6J"

    [refused] = await eventually(lambda: attempts(system, stationId=cs, reason="wrongSecret"))
    assert secret[::-1] not in str(refused) and wrong["Authorization"] not in str(refused)
    assert (await system.get(f"{path}/security"))["weakSecret"] is True


async def test_two_devices_with_one_identity_are_damped(system: System, cs: str) -> None:
    """Each comes back as soon as the other has ended its connection, at another gateway."""
    urls = itertools.cycle([f"{system.gateways[0]}/{cs}", f"{system.gateways[-1]}/{cs}"])
    async with AsyncExitStack() as open_connections, asyncio.timeout(60):
        newest = None
        while True:
            try:
                connection = connect(next(urls), subprotocols=[Subprotocol("ocpp2.0.1")])
                newest = await open_connections.enter_async_context(connection)
            except InvalidStatus as refused:
                assert refused.response.status_code == 503
                assert 0 < int(refused.response.headers["Retry-After"]) <= 10
                break
        assert newest is not None
        boot = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
        await newest.send(json.dumps([2, "1", "BootNotification", boot]))
        assert str(await newest.recv()).startswith('[3,"1"')
        [attempt] = await eventually(lambda: attempts(system, stationId=cs))
    assert attempt["reason"] == "tooManyConnections"


EVENT = {
    "eventType": "Started",
    "timestamp": "2026-11-20T12:00:00Z",
    "triggerReason": "CablePluggedIn",
    "seqNo": 0,
}


@GATEWAYS
async def test_a_running_station_is_pending_and_accepted_again_on_its_open_connection(
    system: System, cs: str, gateway: int
) -> None:
    url, path = system.gateways[gateway], f"{system.device}/chargingstations/{cs}"
    async with booted_station(url, cs) as connected:
        for decision in ("Pending", "Accepted"):
            expected = asyncio.create_task(
                connected.expect("TriggerMessage", requestedMessage="BootNotification")
            )
            await asyncio.sleep(0)
            await system.http.patch(path, json={"registrationStatus": decision})
            await (await expected).answer({"status": "Accepted"})
            assert (await connected.boot())["status"] == decision
            if decision == "Pending":
                with pytest.raises(Refused, match="SecurityError"):
                    await connected.call("Heartbeat", {})
                event = EVENT | {"transactionInfo": {"transactionId": f"T-{cs}"}}
                assert await connected.call("TransactionEvent", event) == {}
        assert (await connected.call("Heartbeat", {}))["currentTime"]
    assert [one["transactionId"] for one in await system.transactions(cs)] == [f"T-{cs}"]


@GATEWAYS
async def test_accepted_reaches_a_station_that_refuses_to_be_triggered(
    system: System, cs: str, gateway: int
) -> None:
    url, path = system.gateways[gateway], f"{system.device}/chargingstations/{cs}"
    async with station(url, cs, "1.6") as connected:
        assert (await connected.boot())["status"] == "Accepted"
        await system.http.patch(path, json={"registrationStatus": "Pending"})
        await eventually(lambda: is_refused(connected))
        await system.http.patch(path, json={"registrationStatus": "Accepted"})
        await eventually(lambda: is_served(connected))


async def is_refused(connected: Station) -> bool:
    return not await is_served(connected)


async def is_served(connected: Station) -> bool:
    try:
        await connected.call("Heartbeat", {})
    except Refused:
        return False
    return True
