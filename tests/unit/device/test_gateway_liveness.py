from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import pytest

from libs.csms.clock import rfc3339
from libs.csms.messaging.bus import Subscription, UnknownTopic
from libs.ocpp_messages.event import GatewayAlive, StationConnected, StationDisconnected
from services.device.connectivity import gateway_liveness
from services.device.connectivity.gateway_liveness import GatewayLiveness
from services.device.connectivity.model import Connection
from services.device.service import Device
from services.websocket_gateway.presence import message_of_gateway

from .station import NOW, Csms, StoppedClock, after
from .test_status_notification import shown, status


async def connected(device: Device) -> dict[str, bool]:
    ids = ("CS1", "CS2", "CS3")
    found = {id: await device.connectivity.connections.get(id) for id in ids}
    return {id: connection.connected for id, connection in found.items() if connection}


@pytest.fixture
def liveness(device: Device) -> GatewayLiveness:
    return GatewayLiveness(device.connectivity, device.bus)


@pytest.fixture
async def two_gateways(csms: Csms, device: Device, clock: StoppedClock) -> None:
    """Both hold connections; g2 still says that it is alive."""
    await csms.event(StationConnected(), station_id="CS1", gateway_id="g1")
    await csms.event(StationConnected(), station_id="CS2", gateway_id="g1")
    await csms.event(StationConnected(), station_id="CS3", gateway_id="g2")
    clock.at = after(90)
    device.connectivity.gateway_heard("g2")


async def test_a_silent_gateway_loses_its_connections(
    csms: Csms, device: Device, clock: StoppedClock, liveness: GatewayLiveness, two_gateways: None
) -> None:
    await csms.call("StatusNotification", status("Occupied"), at=NOW)
    clock.at = after(100)

    await liveness.check_known()

    connection = await device.connectivity.connections.get("CS1")
    assert await connected(device) == {"CS1": False, "CS2": False, "CS3": True}
    assert connection is not None
    assert (connection.close_code, connection.close_reason) == (1006, "gateway lost")
    assert connection.disconnected_at == after(100)
    assert await shown(device) == "Occupied"


async def test_a_gateway_that_was_heard_of_in_time_keeps_its_connections(
    device: Device, clock: StoppedClock, liveness: GatewayLiveness, two_gateways: None
) -> None:
    device.connectivity.gateway_heard("g1")
    clock.at = after(180)

    await liveness.check_known()

    assert await connected(device) == {"CS1": True, "CS2": True, "CS3": True}


async def test_a_gateway_that_no_process_remembers_is_lost_too(
    csms: Csms, device: Device, clock: StoppedClock, two_gateways: None
) -> None:
    """The process that received its connections has failed too."""
    device.connectivity.gateways.clear()
    device.connectivity.gateway_heard("g2")
    clock.at = after(100)

    await GatewayLiveness(device.connectivity, device.bus).check_all()

    assert await connected(device) == {"CS1": False, "CS2": False, "CS3": True}


async def test_the_topics_of_a_lost_gateway_are_deleted(
    device: Device, clock: StoppedClock, liveness: GatewayLiveness, two_gateways: None
) -> None:
    topic = "gateway-g1"
    await device.bus.create_topic(topic)
    await device.bus.create_subscription(Subscription(topic, topic, gateway_id="g1", temporary=True))
    clock.at = after(100)

    await liveness.check_known()

    with pytest.raises(UnknownTopic):
        await device.bus.create_subscription(Subscription("anything", topic))


async def test_gateway_alive_is_received_on_the_bus_and_nothing_is_stored(
    device: Device, clock: StoppedClock, liveness: GatewayLiveness
) -> None:
    message = message_of_gateway(GatewayAlive(), "g7", rfc3339(NOW))
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(liveness.keep_listening())
        while "g7" not in device.connectivity.gateways:
            await device.bus.publish("GatewayAlive", message)
            await asyncio.sleep(0)
        listening.cancel()

    assert device.connectivity.gateways == {"g7": NOW}


async def test_several_processes_may_find_a_lost_gateway_at_the_same_time(
    csms: Csms, device: Device, clock: StoppedClock, liveness: GatewayLiveness, two_gateways: None
) -> None:
    clock.at = after(100)

    others = [
        GatewayLiveness(replace(device.connectivity, gateways=dict(device.connectivity.gateways)), device.bus)
        for _ in range(2)
    ]
    await asyncio.gather(*(one.check_known() for one in (liveness, *others)))

    assert await connected(device) == {"CS1": False, "CS2": False, "CS3": True}


async def test_a_station_that_reconnected_to_another_gateway_is_not_touched(
    csms: Csms, device: Device, clock: StoppedClock, liveness: GatewayLiveness, two_gateways: None
) -> None:
    await csms.event(StationConnected(), gateway_id="g2", connection_id="2", at=after(20))
    clock.at = after(100)

    await liveness.check_known()

    assert await connected(device) == {"CS1": True, "CS2": False, "CS3": True}


async def test_a_station_that_moves_while_its_gateway_is_lost_is_not_touched() -> None:
    elsewhere = Connection(station_id="CS1", gateway_id="g2", connected=True, connected_at=NOW)

    assert elsewhere.lost("g1", horizon=after(60), at=after(100)) is elsewhere
    assert not elsewhere.lost("g2", horizon=after(60), at=after(100)).connected


async def test_a_message_of_a_connection_thought_lost_brings_it_back(
    csms: Csms, device: Device, clock: StoppedClock, liveness: GatewayLiveness, two_gateways: None
) -> None:
    await csms.call("StatusNotification", status("Occupied"), at=NOW)
    clock.at = after(100)
    await liveness.check_known()

    await csms.call("Heartbeat", {}, at=after(110))

    connection = await device.connectivity.connections.get("CS1")
    assert connection is not None
    assert (connection.connected, connection.disconnected_at, connection.close_code) == (True, None, None)
    assert await shown(device) == "Occupied"


async def test_a_message_older_than_the_end_of_its_connection_does_not_bring_it_back(
    csms: Csms, device: Device
) -> None:
    await csms.event(StationConnected())
    await csms.event(StationDisconnected(code=1000), at=after(100))

    await csms.call("Heartbeat", {}, at=after(70))

    assert await connected(device) == {"CS1": False}


async def test_a_lost_gateway_is_forgotten_until_it_is_heard_again(
    device: Device, clock: StoppedClock, liveness: GatewayLiveness, two_gateways: None
) -> None:
    clock.at = after(100)

    await liveness.check_known()

    assert list(device.connectivity.gateways) == ["g2"]


async def test_a_check_that_fails_is_tried_again(
    csms: Csms,
    device: Device,
    clock: StoppedClock,
    liveness: GatewayLiveness,
    two_gateways: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock.at = after(100)
    checks: list[str] = []
    done = asyncio.Event()

    async def check_that_fails_once() -> None:
        checks.append("check")
        if len(checks) == 1:
            raise OSError("the store is away")
        done.set()

    monkeypatch.setattr(liveness, "check_all", check_that_fails_once)
    monkeypatch.setattr(gateway_liveness, "CHECK_INTERVAL", 0.001)
    monkeypatch.setattr(gateway_liveness, "SILENCE_LIMIT", after(0.001) - NOW)
    with caplog.at_level(logging.ERROR):
        async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
            task = tasks.create_task(liveness.keep_checking())
            await done.wait()
            task.cancel()

    assert "the gateways were not checked" in caplog.text
