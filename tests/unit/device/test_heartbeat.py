from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from libs.csms.clock import rfc3339
from libs.csms.storage.store import Collection
from libs.ocpp_messages.event import StationConnected
from libs.ocpp_messages.version import Version
from services.device.connectivity.model import Connection
from services.device.connectivity.service import Throttle
from services.device.service import Device

from .station import NOW, Csms, StoppedClock, after


class Counted:
    """A collection that counts the times it is asked to change something."""

    def __init__(self, connections: Collection[Connection]) -> None:
        self._connections = connections
        self.updates = 0

    async def get(self, id: str) -> Connection | None:
        return await self._connections.get(id)

    async def update(self, id: str, change: Callable[[Connection | None], Connection]) -> Connection:
        self.updates += 1
        return await self._connections.update(id, change)


@pytest.mark.parametrize("version", list(Version))
async def test_a_heartbeat_is_answered_with_the_time(
    csms: Csms, clock: StoppedClock, version: Version
) -> None:
    clock.at = after(3)

    response = await csms.call("Heartbeat", {}, version=version)

    assert response == {"currentTime": rfc3339(after(3))}


async def test_the_station_was_last_seen_when_the_gateway_received_its_heartbeat(
    csms: Csms, device: Device
) -> None:
    await csms.event(StationConnected(), at=NOW)
    await csms.call("Heartbeat", {}, at=after(300))

    connection = await device.connectivity.connections.get("CS1")
    assert connection is not None
    assert (connection.connected, connection.last_seen) == (True, after(300))


async def test_heartbeats_touch_the_store_once_a_minute(device: Device, clock: StoppedClock) -> None:
    connections = Counted(device.connectivity.connections)
    connectivity = replace(device.connectivity, connections=connections)  # type: ignore[arg-type]
    csms = Csms(replace(device, connectivity=connectivity), clock)

    for second in range(0, 121, 5):
        await csms.call("Heartbeat", {}, at=after(second))

    assert connections.updates == 3
    assert (await csms.call("Heartbeat", {}, at=after(121)))["currentTime"]


async def test_a_heartbeat_that_overtakes_the_connection_does_not_hide_it(csms: Csms, device: Device) -> None:
    await csms.call("Heartbeat", {}, at=after(1))
    await csms.event(StationConnected(), at=NOW)

    connection = await device.connectivity.connections.get("CS1")
    assert connection is not None
    assert (connection.connected, connection.connected_at, connection.last_seen) == (True, NOW, after(1))


def test_the_memory_of_what_was_done_is_bounded() -> None:
    throttle = Throttle(timedelta(minutes=1), max_keys=2)

    for key in ("a", "b", "c"):
        throttle.done(key, NOW)

    assert len(throttle) == 2
    assert [throttle.is_done(key, after(1)) for key in ("a", "b", "c")] == [False, True, True]
    assert not throttle.is_done("c", after(60))
