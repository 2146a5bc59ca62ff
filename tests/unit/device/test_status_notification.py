from __future__ import annotations

import pytest

from libs.ocpp_messages.event import StationConnected, StationDisconnected
from libs.ocpp_messages.version import Version
from services.device.connectivity.model import Connector
from services.device.service import Device

from .station import NOW, Csms, after


def status(connector_status: str, evse_id: int = 1, connector_id: int = 1) -> dict[str, object]:
    return {
        "timestamp": "2026-11-20T11:59:59Z",
        "connectorStatus": connector_status,
        "evseId": evse_id,
        "connectorId": connector_id,
    }


def status_v16(connector_id: int, status: str, **more: str) -> dict[str, object]:
    return {"connectorId": connector_id, "errorCode": "NoError", "status": status, **more}


async def shown(device: Device, key: str = "CS1:1:1") -> str | None:
    connector = await device.connectivity.connectors.get(key)
    return connector.status if connector else None


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
async def test_a_connectors_state_is_kept(csms: Csms, device: Device, version: Version) -> None:
    response = await csms.call("StatusNotification", status("Occupied", 2, 1), version=version)

    assert response == {}
    assert await device.connectivity.connectors.get("CS1:2:1") == Connector(
        station_id="CS1",
        evse_id=2,
        connector_id=1,
        status="Occupied",
        reported_at=NOW,
        station_timestamp="2026-11-20T11:59:59Z",
    )


@pytest.mark.parametrize(
    ("version", "payload"),
    [(Version.V16, status_v16(1, "Available")), (Version.V201, status("Available"))],
)
async def test_a_connector_whose_report_had_to_be_repaired_is_marked_until_the_next_one(
    csms: Csms, device: Device, version: Version, payload: dict[str, object]
) -> None:
    marks = []
    for repairs in ("unknownField@vendorExtension timestampFormat@timestamp", ""):
        await csms.call("StatusNotification", payload, version=version, repairs=repairs)
        connector = await device.connectivity.connectors.get("CS1:1:1")
        assert connector is not None
        marks.append(connector.repairs)

    assert marks == [["unknownField@vendorExtension", "timestampFormat@timestamp"], None]


async def test_a_connector_of_1_6_keeps_its_number_and_counts_as_an_evse(csms: Csms, device: Device) -> None:
    payload = status_v16(2, "Faulted", info="hot", vendorId="V", vendorErrorCode="E7")
    await csms.call("StatusNotification", {**payload, "errorCode": "HighTemperature"}, version=Version.V16)

    connector = await device.connectivity.connectors.get("CS1:2:2")
    assert connector is not None
    assert (connector.evse_id, connector.connector_id, connector.status) == (2, 2, "Faulted")
    assert (connector.error_code, connector.info) == ("HighTemperature", "hot")
    assert (connector.vendor_id, connector.vendor_error_code) == ("V", "E7")
    assert connector.station_timestamp is None


async def test_connector_0_of_1_6_is_the_station_itself(csms: Csms, device: Device) -> None:
    await csms.call("StatusNotification", status_v16(0, "Available"), version=Version.V16)

    assert await shown(device, "CS1:0:0") == "Available"


async def test_station_ids_cannot_be_confused_in_the_ids_of_connectors(csms: Csms, device: Device) -> None:
    await csms.call("StatusNotification", status("Occupied"), station_id="a:1")
    await csms.call("StatusNotification", status("Reserved"), station_id="a%3A1")

    assert (await shown(device, "a%3A1:1:1"), await shown(device, "a%253A1:1:1")) == ("Occupied", "Reserved")


async def test_the_newest_report_wins_in_any_order(csms: Csms, device: Device) -> None:
    await csms.call("StatusNotification", status("Occupied"), at=after(2))
    await csms.call("StatusNotification", status("Available"), at=after(1))

    assert await shown(device) == "Occupied"


async def test_of_reports_in_the_same_millisecond_the_later_one_wins(csms: Csms, device: Device) -> None:
    await csms.call("StatusNotification", status("Available"))
    await csms.call("StatusNotification", status("Occupied"))

    assert await shown(device) == "Occupied"


@pytest.mark.parametrize(
    ("version", "payload"),
    [
        (Version.V16, status_v16(1_001, "Available")),
        (Version.V16, status_v16(-1, "Available")),
        (Version.V201, status("Available", 1, 5_000)),
        (Version.V21, status("Available", 1_001, 1)),
    ],
)
async def test_an_impossible_connector_is_refused(
    csms: Csms, device: Device, version: Version, payload: dict[str, object]
) -> None:
    response = await csms.call("StatusNotification", payload, version=version)

    assert response == {"errorCode": "PropertyConstraintViolation"}
    assert await device.connectivity.connectors.count({}) == 0


async def test_connectors_keep_their_status_while_the_station_is_away(csms: Csms, device: Device) -> None:
    """After a plain reconnect a connector that charges still shows that, whether it reports again or not."""
    await csms.event(StationConnected(), at=NOW)
    await csms.call("StatusNotification", status("Available"), at=after(1))
    await csms.call("StatusNotification", status("Occupied", 2), at=after(1))

    await csms.event(StationDisconnected(code=1006), at=after(5))
    away = await shown(device), await shown(device, "CS1:2:1")
    await csms.event(StationConnected(), connection_id="2", at=after(6))

    assert away == ("Available", "Occupied")
    assert (await shown(device), await shown(device, "CS1:2:1")) == away


async def test_a_report_from_the_next_connection_counts_even_if_it_comes_first(
    csms: Csms, device: Device
) -> None:
    await csms.event(StationConnected(), at=NOW)
    await csms.call("StatusNotification", status("Occupied"), at=after(1))
    await csms.call("StatusNotification", status("Available"), connection_id="2", at=after(7))
    await csms.event(StationDisconnected(code=1001), at=after(5))

    assert await shown(device) == "Available"


async def test_a_report_that_comes_after_the_end_of_its_connection_counts(csms: Csms, device: Device) -> None:
    await csms.event(StationConnected(), at=NOW)
    await csms.event(StationDisconnected(code=1001), at=after(5))
    await csms.call("StatusNotification", status("Available"), at=after(1))
    await csms.call("StatusNotification", status("Occupied"), at=after(2))

    assert await shown(device) == "Occupied"
