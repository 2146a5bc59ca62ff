from __future__ import annotations

import asyncio
import logging

import pytest

from libs.ocpp_messages.event import GatewayAlive, StationConnected, StationDisconnected
from services.device import sweep as sweeping
from services.device.connection import Connection
from services.device.model import Gateway
from services.device.service import Device
from services.device.sweep import keep_sweeping, sweep

from .station import NOW, Csms, StoppedClock, after
from .test_status_notification import shown, status


async def connected(device: Device) -> dict[str, bool]:
    ids = ("CS1", "CS2", "CS3")
    found = {id: await device.connections.get(id) for id in ids}
    return {id: connection.connected for id, connection in found.items() if connection}


@pytest.fixture
async def two_gateways(csms: Csms) -> None:
    """Both said that they were alive at first; g2 still does."""
    await csms.event(GatewayAlive(), gateway_id="g1", at=NOW)
    await csms.event(GatewayAlive(), gateway_id="g2", at=NOW)
    await csms.event(StationConnected(), station_id="CS1", gateway_id="g1")
    await csms.event(StationConnected(), station_id="CS2", gateway_id="g1")
    await csms.event(StationConnected(), station_id="CS3", gateway_id="g2")
    await csms.event(GatewayAlive(), gateway_id="g2", at=after(90))


async def test_a_silent_gateway_loses_its_connections(
    csms: Csms, device: Device, clock: StoppedClock, two_gateways: None
) -> None:
    await csms.call("StatusNotification", status("Occupied"), at=NOW)
    clock.at = after(100)

    await sweep(device)

    connection = await device.connections.get("CS1")
    assert await connected(device) == {"CS1": False, "CS2": False, "CS3": True}
    assert connection is not None
    assert (connection.close_code, connection.close_reason) == (1006, "gateway lost")
    assert connection.disconnected_at == after(100)
    assert await shown(device) == "Unavailable"


async def test_a_gateway_that_was_heard_of_in_time_keeps_them(
    device: Device, clock: StoppedClock, two_gateways: None
) -> None:
    clock.at = after(90)

    await sweep(device)

    assert await connected(device) == {"CS1": True, "CS2": True, "CS3": True}


async def test_late_and_repeated_signs_of_life_do_not_set_the_gateways_clock_back(
    csms: Csms, device: Device, two_gateways: None
) -> None:
    await csms.event(GatewayAlive(), gateway_id="g2", at=after(30))

    assert await device.gateways.get("g2") == Gateway(id="g2", last_seen=after(90))


async def test_a_gateway_that_nobody_remembers_is_lost_too_but_not_at_once(
    csms: Csms, device: Device, clock: StoppedClock
) -> None:
    await csms.event(StationConnected(), gateway_id="forgotten")
    clock.at = after(89)
    await sweep(device)
    at_first = await connected(device)

    clock.at = after(91)
    await sweep(device)

    assert (at_first, await connected(device)) == ({"CS1": True}, {"CS1": False})


async def test_several_processes_may_sweep_at_the_same_time(
    csms: Csms, device: Device, clock: StoppedClock, two_gateways: None
) -> None:
    clock.at = after(100)

    await asyncio.gather(sweep(device), sweep(device), sweep(device))

    assert await connected(device) == {"CS1": False, "CS2": False, "CS3": True}


async def test_a_station_that_came_back_elsewhere_is_not_touched(
    csms: Csms, device: Device, clock: StoppedClock, two_gateways: None
) -> None:
    await csms.event(StationConnected(), gateway_id="g2", connection_id="2", at=after(20))
    clock.at = after(100)

    await sweep(device)

    assert await connected(device) == {"CS1": True, "CS2": False, "CS3": True}


async def test_a_station_that_moves_while_its_gateway_is_buried_is_not_touched() -> None:
    elsewhere = Connection(station_id="CS1", gateway_id="g2", connected=True, connected_at=NOW)

    assert elsewhere.lost("g1", horizon=after(60), at=after(100)) is elsewhere
    assert not elsewhere.lost("g2", horizon=after(60), at=after(100)).connected


async def test_a_message_of_a_connection_thought_lost_brings_it_back(
    csms: Csms, device: Device, clock: StoppedClock, two_gateways: None
) -> None:
    await csms.call("StatusNotification", status("Occupied"), at=NOW)
    clock.at = after(100)
    await sweep(device)

    await csms.call("Heartbeat", {}, at=after(110))

    connection = await device.connections.get("CS1")
    assert connection is not None
    assert (connection.connected, connection.disconnected_at, connection.close_code) == (True, None, None)
    assert await shown(device) == "Occupied"


async def test_a_message_older_than_the_end_of_its_connection_does_not(csms: Csms, device: Device) -> None:
    await csms.event(StationConnected())
    await csms.event(StationDisconnected(code=1000), at=after(100))

    await csms.call("Heartbeat", {}, at=after(70))

    assert await connected(device) == {"CS1": False}


async def test_gateways_long_gone_are_forgotten(
    device: Device, clock: StoppedClock, two_gateways: None
) -> None:
    clock.at = after(3_650)

    await sweep(device)

    assert [await device.gateways.get(id) is None for id in ("g1", "g2")] == [True, False]


async def test_a_failing_sweep_is_tried_again(
    csms: Csms,
    device: Device,
    clock: StoppedClock,
    two_gateways: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sweeps: list[str] = []
    done = asyncio.Event()

    async def sweep_that_fails_once(device: Device) -> None:
        sweeps.append("sweep")
        if len(sweeps) == 1:
            raise OSError("the store is away")
        done.set()

    monkeypatch.setattr(sweeping, "sweep", sweep_that_fails_once)
    monkeypatch.setattr(sweeping, "INTERVAL", 0.001)
    monkeypatch.setattr(sweeping, "PATIENCE", after(0.001) - NOW)
    with caplog.at_level(logging.ERROR):
        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            task = tasks.create_task(keep_sweeping(device))
            await done.wait()
            task.cancel()

    assert "the sweep failed" in caplog.text
