"""``lastSeen`` follows every message of a station, also those that other services consume."""

from __future__ import annotations

from dataclasses import replace

import pytest

from libs.ocpp_messages.event import StationConnected, StationDisconnected, StationsSeen
from services.device.service import Device

from .station import NOW, Csms, StoppedClock, after
from .test_heartbeat import Counted


async def seen(csms: Csms, at: float, **seconds_ago: int) -> None:
    await csms.event(StationsSeen(seconds_ago=seconds_ago), station_id="", connection_id="", at=after(at))


async def test_stations_that_a_gateway_has_heard_were_seen_then(csms: Csms, device: Device) -> None:
    for id in ("CS1", "CS2", "CS3"):
        await csms.event(StationConnected(), station_id=id)
    await seen(csms, 300, CS1=0, CS2=120)

    found = {id: (await device.connectivity.connection(id)).last_seen for id in ("CS1", "CS2", "CS3")}
    assert found == {"CS1": after(300), "CS2": after(180), "CS3": NOW}


async def test_what_comes_twice_or_late_or_is_hardly_newer_changes_nothing(
    csms: Csms, device: Device
) -> None:
    await csms.event(StationConnected())
    for at, seconds in ((300, 10), (300, 10), (600, 400), (310, 0)):
        await seen(csms, at, CS1=seconds)

    assert (await device.connectivity.connection("CS1")).last_seen == after(290)


async def test_a_station_that_sent_something_before_it_left_stays_disconnected(
    csms: Csms, device: Device
) -> None:
    await csms.event(StationConnected())
    await csms.event(StationDisconnected(code=1000), at=after(100))
    await seen(csms, 300, CS1=130)

    connection = await device.connectivity.connection("CS1")
    assert (connection.connected, connection.last_seen) == (False, after(170))


async def test_an_unknown_station_leaves_no_document(csms: Csms, device: Device) -> None:
    await seen(csms, 300, CS1=0)

    assert await device.connectivity.connections.get("CS1") is None


@pytest.mark.parametrize("interval", [5, 30])
async def test_a_station_costs_at_most_one_write_a_minute(
    csms: Csms, device: Device, clock: StoppedClock, interval: int
) -> None:
    await csms.event(StationConnected())
    connections = Counted(device.connectivity.connections)
    connectivity = replace(device.connectivity, connections=connections)  # type: ignore[arg-type]
    counting = Csms(replace(device, connectivity=connectivity), clock)
    for second in range(60, 661, interval):
        await counting.call("Heartbeat", {}, at=after(second))
        await seen(counting, second, CS1=0)

    assert connections.updates == 11


async def test_no_list_of_any_length_takes_more_than_its_writes(csms: Csms, device: Device) -> None:
    ids = [f"CS{number}" for number in range(500)]
    for id in ids:
        await csms.event(StationConnected(), station_id=id)
    await seen(csms, 300, **dict.fromkeys(ids, 0))

    found = [(await device.connectivity.connection(id)).last_seen for id in ids]
    assert found == [after(300)] * 500
