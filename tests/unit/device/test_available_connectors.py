"""A connector that became Available, and still is ten minutes later: its transaction may be over."""

from __future__ import annotations

import asyncio

import pytest

from libs.ocpp_messages.event import CONNECTOR_AVAILABLE, ConnectorAvailable
from libs.ocpp_messages.version import Version
from services.device.connectivity.available_connectors import AvailableConnectors
from services.device.service import Device

from .bus import RecordingBus
from .station import Csms, StoppedClock, after
from .test_status_notification import status, status_v16


@pytest.fixture
def available(device: Device) -> AvailableConnectors:
    return AvailableConnectors(device.connectivity, device.bus)


def published(device: Device) -> list[ConnectorAvailable]:
    bus = device.bus
    assert isinstance(bus, RecordingBus)
    found = [
        CONNECTOR_AVAILABLE.decode(message.data)
        for topic, message in bus.published
        if topic == CONNECTOR_AVAILABLE.name
    ]
    bus.published.clear()
    return found


async def test_it_is_published_after_ten_minutes_and_once(
    csms: Csms, device: Device, clock: StoppedClock, available: AvailableConnectors
) -> None:
    await csms.call("StatusNotification", status("Occupied", 2), at=after(0))
    await csms.call("StatusNotification", status("Available", 2), at=after(60))
    await csms.call("StatusNotification", status("Available", 2), at=after(300))
    seen = []
    for seconds in (60, 659.999, 660, 720, 1320):
        clock.at = after(seconds)
        await available.publish_due()
        seen.append(published(device))

    since = "2026-11-20T11:59:59.000Z"
    assert seen == [[], [], [ConnectorAvailable(evse_id=2, connector_id=1, since=since)], [], []]


async def test_without_a_time_of_the_station_the_receipt_counts(
    csms: Csms, device: Device, clock: StoppedClock, available: AvailableConnectors
) -> None:
    for at, reported in ((0, "Finishing"), (60, "Available")):
        await csms.call("StatusNotification", status_v16(3, reported), at=after(at), version=Version.V16)
    clock.at = after(660)

    await available.publish_due()

    assert published(device) == [
        ConnectorAvailable(evse_id=3, connector_id=3, since="2026-11-20T12:01:00.000Z")
    ]


@pytest.mark.parametrize("statuses", [["Available"], ["Occupied"], ["Occupied", "Available", "Occupied"]])
async def test_what_was_available_before_or_is_not_any_more_is_not_published(
    csms: Csms, device: Device, clock: StoppedClock, available: AvailableConnectors, statuses: list[str]
) -> None:
    for at, reported in enumerate(statuses):
        await csms.call("StatusNotification", status(reported), at=after(at))
    clock.at = after(1000)

    await available.publish_due()

    assert published(device) == []


async def test_a_process_that_starts_later_publishes_it_too(
    csms: Csms, device: Device, clock: StoppedClock
) -> None:
    for at, reported in enumerate(["Occupied", "Available"]):
        await csms.call("StatusNotification", status(reported), at=after(at))
    clock.at = after(3000)

    await AvailableConnectors(device.connectivity, device.bus).publish_due()

    assert len(published(device)) == 1


async def test_the_loop_wakes_when_the_time_has_come(csms: Csms, device: Device, clock: StoppedClock) -> None:
    for at, reported in enumerate(["Occupied", "Available"]):
        await csms.call("StatusNotification", status(reported), at=after(at))
    clock.at = after(601)

    async with asyncio.timeout(10):
        await device.connectivity.alarm.wait(300)
