from __future__ import annotations

from typing import Any

import httpx
import pytest

from libs.ocpp_messages.event import StationConnected, StationDisconnected
from libs.ocpp_messages.version import Version
from services.device.service import Device

from .station import NOW, Csms, after
from .test_device_model import listed

pytestmark = pytest.mark.usefixtures("registered")


def event(number: int, at: str, value: str = "1", **more: Any) -> dict[str, Any]:
    return {
        "eventId": number,
        "timestamp": at,
        "trigger": "Alerting",
        "actualValue": value,
        "component": {"name": "EVSE", "evse": {"id": 1}},
        "variable": {"name": "Problem"},
        "eventNotificationType": "HardWiredNotification",
        **more,
    }


def notify_event(*events: dict[str, Any]) -> dict[str, Any]:
    return {"generatedAt": "2026-11-20T11:00:00Z", "seqNo": 0, "eventData": list(events)}


def availability(value: str, connector_id: int = 1, at: str = "2026-11-20T11:00:00Z") -> dict[str, Any]:
    component = {"name": "Connector", "evse": {"id": 2, "connectorId": connector_id}}
    return event(1, at, value, component=component, variable={"name": "AvailabilityState"})


async def test_events_are_listed_newest_first_by_the_stations_time(
    csms: Csms, client: httpx.AsyncClient
) -> None:
    first = event(1, "2026-11-20T10:00:00Z", techCode="E7", severity=3)
    second = event(2, "2026-11-20T11:00:00+01:30", cleared=True)
    assert await csms.call("NotifyEvent", notify_event(first, second), version=Version.V21) == {}

    newest, oldest = await listed(client, "events")
    assert (newest["id"], newest["techCode"], newest["severity"]) == (1, "E7", 3)
    assert (oldest["id"], oldest["timestamp"], oldest["cleared"]) == (2, "2026-11-20T09:30:00.000Z", True)


async def test_an_event_that_is_sent_again_is_kept_once(csms: Csms, client: httpx.AsyncClient) -> None:
    await csms.call("NotifyEvent", notify_event(event(1, "2026-11-20T10:00:00Z")))
    await csms.call("NotifyEvent", notify_event(event(1, "2026-11-20T10:00:00Z")), at=after(60))
    await csms.call("NotifyEvent", notify_event(event(1, "2026-11-20T10:00:01Z")), at=after(60))

    assert len(await listed(client, "events")) == 2


async def test_events_are_found_by_time(csms: Csms, client: httpx.AsyncClient) -> None:
    await csms.call("NotifyEvent", notify_event(*(event(n, f"2026-11-20T1{n}:00:00Z") for n in range(4))))

    found = await listed(client, "events", **{"from": "2026-11-20T11:00:00Z", "to": "2026-11-20T13:00:00Z"})
    assert [one["id"] for one in found] == [2, 1]


async def test_an_event_about_a_connector_shows_its_state(csms: Csms, device: Device) -> None:
    late = availability("Available", at="2026-11-20T11:00:05Z")
    await csms.call("NotifyEvent", notify_event(late, availability("Occupied")), version=Version.V21)

    connector = await device.connectivity.connectors.get("CS1:2:1")
    assert connector is not None
    assert (connector.status, connector.reported_at) == ("Available", NOW)


async def test_an_event_that_comes_after_the_end_of_its_connection_counts(csms: Csms, device: Device) -> None:
    await csms.event(StationConnected())
    await csms.event(StationDisconnected(code=1001), at=after(5))
    await csms.call("NotifyEvent", notify_event(availability("Available")), at=after(1))

    connector = await device.connectivity.connectors.get("CS1:2:1")
    assert connector is not None
    assert connector.status == "Available"


@pytest.mark.parametrize(
    "impossible",
    [availability("Exploded"), availability("Available", 100_000), event(1, "2026-11-20T11:00:00Z")],
)
async def test_other_events_show_no_connector(csms: Csms, device: Device, impossible: dict[str, Any]) -> None:
    assert await csms.call("NotifyEvent", notify_event(impossible)) == {}

    assert await device.connectivity.connectors.count({}) == 0
    assert await device.device_model.events.count({}) == 1
