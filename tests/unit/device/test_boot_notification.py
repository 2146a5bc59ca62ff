from __future__ import annotations

import pytest

from libs.csms.clock import rfc3339
from libs.ocpp_messages.version import Version
from services.device.registry.model import Modem, Station
from services.device.service import Device

from .station import NOW, Csms, after

BOOT = {
    "reason": "PowerUp",
    "chargingStation": {
        "model": "CS-5500",
        "vendorName": "ChargerMaker Inc.",
        "serialNumber": "5",
        "firmwareVersion": "1.8",
        "modem": {"iccid": "24", "imsi": "25"},
    },
}
BOOT_16 = {
    "chargePointVendor": "ChargerMaker Inc.",
    "chargePointModel": "CS-5500",
    "chargeBoxSerialNumber": "5",
    "firmwareVersion": "1.8",
    "iccid": "24",
    "imsi": "25",
}


async def _decide(device: Device, **decision: object) -> None:
    await device.registry.stations.update("CS1", lambda _: Station(id="CS1", **decision))  # type: ignore[arg-type]


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
async def test_a_new_station_is_accepted_and_remembered(
    csms: Csms, device: Device, registered: Station, version: Version
) -> None:
    response = await csms.call("BootNotification", BOOT, version=version)

    assert response == {"currentTime": rfc3339(NOW), "interval": 300, "status": "Accepted"}
    assert await device.registry.stations.get("CS1") == Station(
        id="CS1",
        model="CS-5500",
        vendor_name="ChargerMaker Inc.",
        serial_number="5",
        firmware_version="1.8",
        modem=Modem(iccid="24", imsi="25"),
        boot_reason="PowerUp",
        last_boot=NOW,
        accepted_at=NOW,
    )


async def test_a_station_of_1_6_is_remembered_with_the_serial_number_it_gives(
    csms: Csms, device: Device, registered: Station
) -> None:
    response = await csms.call("BootNotification", BOOT_16, version=Version.V16)

    station = await device.registry.stations.get("CS1")
    assert response["status"] == "Accepted"
    assert station is not None
    assert (station.serial_number, station.modem) == ("5", Modem(iccid="24", imsi="25"))
    assert station.boot_reason is None


async def test_what_a_station_does_not_report_stays_as_the_operator_set_it(
    csms: Csms, device: Device
) -> None:
    await _decide(device, serial_number="operator's", modem=Modem(iccid="1", imsi="2"))

    await csms.call(
        "BootNotification",
        {
            "chargePointVendor": "V",
            "chargePointModel": "M",
            "chargePointSerialNumber": "",
            "imsi": "3",
        },
        version=Version.V16,
    )

    station = await device.registry.stations.get("CS1")
    assert station is not None
    assert (station.serial_number, station.modem) == ("operator's", Modem(iccid="1", imsi="3"))


@pytest.mark.parametrize(("version", "boot"), [(Version.V16, BOOT_16), (Version.V201, BOOT)])
async def test_an_unknown_station_is_rejected_and_leaves_no_trace(
    csms: Csms, device: Device, version: Version, boot: dict[str, object]
) -> None:
    response = await csms.call("BootNotification", boot, version=version, station_id="nobody")

    assert (response["status"], response["interval"]) == ("Rejected", 60)
    assert await device.registry.stations.get("nobody") is None
    assert await device.connectivity.connections.get("nobody") is None


@pytest.mark.parametrize("decision", ["Pending", "Rejected"])
async def test_a_station_gets_the_operators_decision_and_when_to_ask_again(
    csms: Csms, device: Device, decision: str
) -> None:
    await _decide(device, registration_status=decision, heartbeat_interval=900)

    response = await csms.call("BootNotification", BOOT)

    station = await device.registry.stations.get("CS1")
    assert (response["status"], response["interval"]) == (decision, 60)
    assert station is not None
    assert (station.last_boot, station.accepted_at) == (NOW, None)


async def test_a_station_may_have_a_heartbeat_interval_of_its_own(csms: Csms, device: Device) -> None:
    await _decide(device, heartbeat_interval=900)

    assert (await csms.call("BootNotification", BOOT))["interval"] == 900


async def test_a_boot_that_is_delivered_late_or_twice_changes_nothing(
    csms: Csms, device: Device, registered: Station
) -> None:
    newer = {**BOOT, "reason": "Watchdog"}
    await csms.call("BootNotification", newer, at=after(10))
    booted = await device.registry.stations.get("CS1")

    await csms.call("BootNotification", newer, at=after(10))
    await csms.call("BootNotification", BOOT, at=NOW)

    assert await device.registry.stations.get("CS1") == booted


async def test_acceptance_is_dated_from_the_first_accepted_boot(
    csms: Csms, device: Device, registered: Station
) -> None:
    await csms.call("BootNotification", BOOT, at=NOW)
    await csms.call("BootNotification", BOOT, at=after(100))

    station = await device.registry.stations.get("CS1")
    assert station is not None
    assert (station.accepted_at, station.last_boot) == (NOW, after(100))
