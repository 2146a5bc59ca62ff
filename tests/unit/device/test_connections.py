from __future__ import annotations

import itertools

import pytest

from libs.ocpp_messages.event import EventData, StationConnected, StationDisconnected
from libs.ocpp_messages.version import Version
from services.device.connectivity.model import Connection
from services.device.registry.model import Station
from services.device.service import Device

from .station import NOW, Csms, after
from .test_status_notification import shown, status

OPEN = StationConnected(remote_address="10.0.0.7", inbox="gateway-g1")
CLOSE = StationDisconnected(code=1001, reason="going away")


async def test_a_connection_is_known_with_all_that_a_command_needs(csms: Csms, device: Device) -> None:
    await csms.event(OPEN)

    assert await device.connectivity.connections.get("CS1") == Connection(
        station_id="CS1",
        connection_id="1",
        gateway_id="g1",
        ocpp_version=Version.V201,
        inbox="gateway-g1",
        connected=True,
        connected_at=NOW,
        remote_address="10.0.0.7",
        last_seen=NOW,
    )


async def test_the_end_of_a_connection_is_known_with_its_reason(csms: Csms, device: Device) -> None:
    await csms.event(OPEN)
    await csms.event(CLOSE, at=after(5))

    connection = await device.connectivity.connections.get("CS1")
    assert connection is not None
    assert (connection.connected, connection.connected_at, connection.disconnected_at) == (
        False,
        NOW,
        after(5),
    )
    assert (connection.close_code, connection.close_reason) == (1001, "going away")


async def test_late_events_of_an_older_connection_do_not_change_the_newer(csms: Csms, device: Device) -> None:
    await csms.event(OPEN, connection_id="1", at=NOW)
    await csms.event(OPEN, connection_id="2", gateway_id="g2", at=after(3))
    await csms.call("StatusNotification", status("Available"), connection_id="2", at=after(4))
    newer = await device.connectivity.connections.get("CS1")

    await csms.event(CLOSE, connection_id="1", at=after(9))
    await csms.event(OPEN, connection_id="1", at=NOW)

    assert newer is not None
    assert await device.connectivity.connections.get("CS1") == newer.changed(absent_since=after(9))
    assert await shown(device) == "Available"


STORY: list[tuple[EventData, str, float]] = [
    (OPEN, "1", 0),
    (CLOSE, "1", 5),
    (OPEN, "2", 6),
    (CLOSE, "2", 8),
]


async def test_connections_are_the_same_for_any_order_of_events(csms: Csms, device: Device) -> None:
    for order in itertools.permutations(range(4)):
        id = f"CS{order}"
        for index in [*order, order[0]]:
            event, connection_id, seconds = STORY[index]
            await csms.event(event, station_id=id, connection_id=connection_id, at=after(seconds))

        assert await device.connectivity.connections.get(id) == Connection(
            station_id=id,
            connection_id="2",
            gateway_id="g1",
            ocpp_version=Version.V201,
            inbox="gateway-g1",
            connected=False,
            connected_at=after(6),
            absent_since=after(5),
            disconnected_at=after(8),
            close_code=1001,
            close_reason="going away",
            remote_address="10.0.0.7",
            last_seen=after(8),
        )


REPORTED: list[tuple[EventData | str, str, float]] = [
    (OPEN, "1", 0),
    ("Available", "1", 1),
    ("Occupied", "1", 2),
    (CLOSE, "1", 5),
    (OPEN, "2", 6),
]


async def test_connectors_are_the_same_for_any_order_of_events(csms: Csms, device: Device) -> None:
    for order in itertools.permutations(range(5)):
        id = "CS" + "".join(map(str, order))
        for index in order:
            news, connection_id, seconds = REPORTED[index]
            about = {"station_id": id, "connection_id": connection_id}
            if isinstance(news, str):
                await csms.call("StatusNotification", status(news), at=after(seconds), **about)
            else:
                await csms.event(news, at=after(seconds), **about)

        connector = await device.connectivity.connectors.get(f"{id}:1:1")
        assert connector is not None
        assert (connector.status, connector.reported_at) == ("Occupied", after(2)), order


@pytest.mark.parametrize(
    ("reply_to", "inbox"), [("BootNotificationResponse", ""), ("gateway-g1", "gateway-g1")]
)
async def test_a_boot_that_arrives_first_shows_its_connection(
    csms: Csms, device: Device, registered: Station, reply_to: str, inbox: str
) -> None:
    boot = {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}
    await csms.call("BootNotification", boot, connection_id="2", reply_to=reply_to)

    met = await device.connectivity.connections.get("CS1")
    assert met is not None and met.connected
    assert (met.connection_id, met.gateway_id, met.inbox, met.ocpp_version) == ("2", "g1", inbox, "ocpp2.0.1")

    await csms.event(StationDisconnected(code=1000), connection_id="2", at=after(5))
    await csms.event(StationConnected(remote_address="10.0.0.1", inbox=inbox), connection_id="2")
    await csms.call("BootNotification", boot, connection_id="1", reply_to=reply_to)
    known = await device.connectivity.connections.get("CS1")
    assert known is not None and not known.connected
    assert (known.connection_id, known.remote_address) == ("2", "10.0.0.1")
