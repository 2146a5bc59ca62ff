"""A station charges through the whole system, on the embedded pair and on the emulators."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from .sessions import ENERGY_WH, METER_START_WH, METER_STOP_WH, Session2, Session16
from .station import Station, booted_station, station
from .system import System

SEED_STATION = {
    "id": "CS123",
    "serialNumber": "5",
    "model": "CS-5500",
    "vendorName": "ChargerMaker Inc.",
    "firmwareVersion": "1.8",
    "modem": {"iccid": "24", "imsi": "24"},
    "location": {"lat": 41.366446, "lng": -38.1854651},
}

HOSTILE = ["[]", "{", "[2]", '[2,"1",["x"],{}]', "null", '[3,"9",{}]', "[" * 5000, '{"a":1}', "[9e999]"]
BOOT = {"reason": "PowerUp", "chargingStation": {"vendorName": "ACME", "model": "M1"}}


def session(version: str, connected: Station, id_token: str) -> Session16 | Session2:
    return Session16(connected, id_token) if version == "1.6" else Session2(connected, "TX-1", id_token)


def assert_charged(transaction: dict[str, Any]) -> None:
    """The transaction is the one that ``sessions`` tells."""
    expected = {
        "active": False,
        "meterStartWh": METER_START_WH,
        "meterStopWh": METER_STOP_WH,
        "energyWh": ENERGY_WH,
        "stoppedReason": "EVDisconnected",
        "startedAt": "2026-03-01T10:00:00.000Z",
        "endedAt": "2026-03-01T10:09:00.000Z",
        "missingSeqNos": [],
        "warnings": [],
    }
    assert {name: transaction.get(name) for name in expected} == expected


async def test_the_quick_start_of_the_seed(system: System, name: str) -> None:
    body = SEED_STATION | {"id": f"CS123-{name}"}
    created = await system.http.post(f"{system.device}/chargingstations/create", json=body)
    assert created.status_code == 201

    async with station(system.gateways[0], f"CS123-{name}") as connected:
        answer = await connected.boot()

        assert answer["status"] == "Accepted"
        assert answer["interval"] == 300
        shown = await system.get(f"{system.device}/chargingstations/station/CS123-{name}")
        assert shown["lastBoot"]
        assert {key: shown[key] for key in ("modem", "location")} == {
            key: SEED_STATION[key] for key in ("modem", "location")
        }


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_a_full_charging_session(system: System, cs: str, tag: str, version: str) -> None:
    async with booted_station(system.gateways[0], cs, version) as connected:
        charging = session(version, connected, tag)
        await charging.status("Available")
        assert await charging.authorize() == "Accepted"
        await charging.status("Preparing" if version == "1.6" else "Occupied")
        assert await charging.start() == "Accepted"
        [running] = await system.transactions(cs)
        assert running["active"] is True
        for step in range(3):
            await charging.meter(step)
        await charging.stop()
        await charging.status("Available")
        status = await system.status(cs)

    [transaction] = await system.transactions(cs)
    assert_charged(transaction)
    assert transaction["idToken"] == tag
    assert transaction["ocppVersion"] == f"ocpp{version}"
    values = await system.meter_values(transaction["id"])
    assert len(values) >= 3
    assert status["connected"] is True
    [connector] = [one for one in status["connectors"] if one["evseId"] == 1]
    assert connector["status"] == "Available"


async def test_tokens_that_may_not_charge_are_told_so(system: System, cs: str, name: str) -> None:
    await system.token(f"Blocked-{name}", status="Blocked")
    await system.token(f"OLD-{name}", expiryDateTime="2020-01-01T00:00:00Z")

    async with booted_station(system.gateways[0], cs, "2.0.1") as connected:
        assert await Session2(connected, "T", f"blocked-{name}").authorize() == "Blocked"
        assert await Session2(connected, "T", f"OLD-{name}").authorize() == "Expired"
        assert await Session2(connected, "T", "NOBODY").authorize() == "Unknown"
    async with booted_station(system.gateways[0], cs, "1.6") as connected:
        assert await Session16(connected, f"BLOCKED-{name}").authorize() == "Blocked"
        assert await Session16(connected, "NOBODY").authorize() == "Invalid"
        assert await Session16(connected, "NOBODY").start() == "Invalid"

    [kept] = await system.transactions(cs)
    assert kept["active"] is True


async def test_a_station_that_leaves_without_a_word_is_seen_to_leave(
    system: System, cs: str, tag: str
) -> None:
    async with booted_station(system.gateways[0], cs, "2.0.1") as connected:
        await Session2(connected, "T", tag).status("Occupied")
        connected.websocket.transport.abort()

    async with asyncio.timeout(20):
        while (status := await system.status(cs))["connected"]:
            await asyncio.sleep(0.05)
    [connector] = status["connectors"]
    assert (connector["status"], connector["connected"]) == ("Occupied", False)
    assert connector["disconnectedAt"]


async def test_hostile_frames_harm_nobody(system: System, cs: str, name: str) -> None:
    await system.register(f"other-{name}")

    async with booted_station(system.gateways[0], f"other-{name}") as other:
        for text in HOSTILE:
            async with station(system.gateways[0], cs) as hostile:
                await hostile.send(text)
                await hostile.send([2, "boot", "BootNotification", BOOT])
                while (answer := await hostile.receive())[1] != "boot":
                    assert answer[0] == 4, f"{text} was answered {answer}"
                assert answer[2]["status"] == "Accepted"
        assert (await other.call("Heartbeat", {}))["currentTime"]
