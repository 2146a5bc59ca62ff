"""Block L of OCPP 2.0.1: updates of firmware, and firmware that a local controller publishes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.sessions import Session2
from tests.e2e.station import Station
from tests.e2e.system import System

from ..case import case
from ..operator import Operator
from .reporting import AT, CERTIFICATE, course, jobs, progress, security_event

Json = dict[str, Any]
STATUS = "FirmwareStatusNotification"
PUBLISH_STATUS = "PublishFirmwareStatusNotification"
LOADED = ["Downloading", "Downloaded"]
VERIFIED = [*LOADED, "SignatureVerified"]
ACCEPTED = {"status": "Accepted"}
LATER = "2026-03-02T03:00:00Z"
CHECKSUM = "0123456789abcdef0123456789abcdef"
PUBLICATION = {"location": "https://firmware.example/m1.bin", "checksum": CHECKSUM, "requestId": 1}


def update(request_id: int = 1, **more: str) -> Json:
    """The request of a secure update (L01.FR.11): it carries the certificate and the signature."""
    firmware = {
        "location": "https://firmware.example/m1.bin",
        "retrieveDateTime": AT,
        "signingCertificate": CERTIFICATE,
        "signature": "MEUCIQDNmPCX8m5zcV6yBX0/Tt9nDZl+ZnV3aGF0ZXZlcg==",
    }
    return {"requestId": request_id, "retries": 1, "retryInterval": 60, "firmware": firmware | more}


@pytest.mark.parametrize(
    ("when", "steps", "outcome", "event"),
    [
        ({}, [*VERIFIED, "Installing", "InstallRebooting", "Installed"], "succeeded", "FirmwareUpdated"),
        (
            {"installDateTime": LATER},
            [*VERIFIED, "InstallScheduled", "Installing", "Installed"],
            "succeeded",
            "",
        ),
        (
            {"retrieveDateTime": LATER},
            ["DownloadScheduled", *VERIFIED, "Installing", "Installed"],
            "succeeded",
            "",
        ),
        ({}, [*LOADED, "InvalidSignature"], "failed", "InvalidFirmwareSignature"),
        ({}, ["Downloading", "DownloadFailed"], "failed", ""),
        ({}, [*VERIFIED, "Installing", "InstallVerificationFailed"], "failed", ""),
        ({}, [*VERIFIED, "Installing", "InstallationFailed"], "failed", ""),
    ],
    ids=["TC_L_01", "TC_L_02", "TC_L_03", "TC_L_06", "TC_L_07", "TC_L_08", "TC_L_09"],
)
@case(
    "TC_L_01_CSMS",
    "TC_L_02_CSMS",
    "TC_L_03_CSMS",
    "TC_L_06_CSMS",
    "TC_L_07_CSMS",
    "TC_L_08_CSMS",
    "TC_L_09_CSMS",
)
async def test_an_update_of_firmware_is_followed_to_its_end(
    station: Station, operator: Operator, when: dict[str, str], steps: list[str], outcome: str, event: str
) -> None:
    await operator.tell("UpdateFirmware", update(**when), ACCEPTED)
    for number, step in enumerate(steps, start=1):
        await progress(station, STATUS, 1, step)
        known = outcome if number == len(steps) else "running"
        assert course((await jobs(operator, "firmware"))[1]) == (known, steps[:number])
    if event:
        await security_event(operator, event)


@pytest.mark.parametrize("status", ["RevokedCertificate", "InvalidCertificate"], ids=["TC_L_04", "TC_L_05"])
@case("TC_L_04_CSMS", "TC_L_05_CSMS")
async def test_an_update_that_a_station_refuses_for_its_certificate(operator: Operator, status: str) -> None:
    command = await operator.tell("UpdateFirmware", update(), {"status": status})
    assert command["response"] == {"status": status}
    await security_event(operator, "InvalidFirmwareSigningCertificate")
    assert [one for one in (await jobs(operator, "firmware")).values() if one["outcome"] == "running"] == []


@case("TC_L_10_CSMS")
async def test_a_second_update_takes_the_place_of_the_first(station: Station, operator: Operator) -> None:
    await operator.tell("UpdateFirmware", update(1), ACCEPTED)
    await progress(station, STATUS, 1, "Downloading")
    await operator.tell("UpdateFirmware", update(2), {"status": "AcceptedCanceled"})
    await progress(station, STATUS, 2, *VERIFIED, "Installing", "Installed")
    known = await jobs(operator, "firmware")
    assert course(known[2]) == ("succeeded", [*VERIFIED, "Installing", "Installed"])
    assert known[1]["outcome"] == "cancelled"


@case("TC_L_11_CSMS")
async def test_a_second_update_is_refused_and_the_first_goes_on(station: Station, operator: Operator) -> None:
    await operator.tell("UpdateFirmware", update(1), ACCEPTED)
    await progress(station, STATUS, 1, *VERIFIED, "Installing")
    await operator.tell("UpdateFirmware", update(2), {"status": "Rejected"})
    await progress(station, STATUS, 1, "Installed")
    known = await jobs(operator, "firmware")
    assert course(known[1]) == ("succeeded", [*VERIFIED, "Installing", "Installed"])
    assert [one for one in known.values() if one["outcome"] == "running"] == []


@case("TC_L_13_CSMS")
async def test_an_update_waits_for_a_transaction_and_lets_no_other_begin(
    csms: System, station: Station, operator: Operator, tag: str, name: str
) -> None:
    charging = Session2(station, f"TX-{name}", tag)
    other = Session2(station, f"NO-{name}", tag, evse_id=2)
    await charging.status("Occupied")
    await charging.start()
    await operator.tell("UpdateFirmware", update(), ACCEPTED)
    await progress(station, STATUS, 1, *VERIFIED, "InstallScheduled")
    await other.status("Unavailable")
    connectors = {one["evseId"]: one["status"] for one in (await csms.status(station.id))["connectors"]}
    assert connectors == {1: "Occupied", 2: "Unavailable"}

    await charging.stop()
    await charging.status("Unavailable")
    [transaction] = await csms.transactions(station.id)
    assert (transaction["active"], transaction["energyWh"]) == (False, 20_000)
    await progress(station, STATUS, 1, "Installing", "InstallRebooting")
    booted = {"vendorName": "ACME", "model": "M1", "firmwareVersion": "2.0"}
    boot = {"reason": "FirmwareUpdate", "chargingStation": booted}
    assert (await station.call("BootNotification", boot))["status"] == "Accepted"
    await progress(station, STATUS, 1, "Installed")
    assert (await jobs(operator, "firmware"))[1]["outcome"] == "succeeded"
    shown = await csms.get(f"{csms.device}/chargingstations/{station.id}")
    assert (shown["firmwareVersion"], shown["bootReason"]) == ("2.0", "FirmwareUpdate")


@case("TC_L_17_CSMS")
async def test_published_firmware_is_known_with_its_locations(station: Station, operator: Operator) -> None:
    await operator.tell("PublishFirmware", PUBLICATION, ACCEPTED)
    await progress(station, PUBLISH_STATUS, 1, *LOADED, "ChecksumVerified")
    locations = ["http://10.0.0.1/m1.bin", "https://10.0.0.1/m1.bin", "ftp://10.0.0.1/m1.bin"]
    await progress(station, PUBLISH_STATUS, 1, "Published", location=locations)
    job = (await jobs(operator, "publish-firmware"))[1]
    assert course(job) == ("succeeded", [*LOADED, "ChecksumVerified", "Published"])
    assert job["location"] == locations


@pytest.mark.parametrize(
    "steps",
    [
        [*LOADED, "InvalidChecksum"],
        [*LOADED, "ChecksumVerified", "PublishFailed"],
        ["Downloading", "DownloadFailed"],
    ],
    ids=["TC_L_19", "TC_L_20", "TC_L_24"],
)
@case("TC_L_19_CSMS", "TC_L_20_CSMS", "TC_L_24_CSMS")
async def test_firmware_that_could_not_be_published(
    station: Station, operator: Operator, steps: list[str]
) -> None:
    await operator.tell("PublishFirmware", PUBLICATION, ACCEPTED)
    await progress(station, PUBLISH_STATUS, 1, *steps)
    assert course((await jobs(operator, "publish-firmware"))[1]) == ("failed", steps)


@pytest.mark.parametrize(
    "status", ["Unpublished", "NoFirmware", "DownloadOngoing"], ids=["TC_L_21", "TC_L_22", "TC_L_23"]
)
@case("TC_L_21_CSMS", "TC_L_22_CSMS", "TC_L_23_CSMS")
async def test_firmware_is_taken_back_by_its_checksum(operator: Operator, status: str) -> None:
    command = await operator.tell("UnpublishFirmware", {"checksum": CHECKSUM}, {"status": status})
    [logged] = await operator.listed("commands?action=UnpublishFirmware")
    assert logged == command
