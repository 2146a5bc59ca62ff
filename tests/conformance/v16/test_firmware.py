"""The firmware and diagnostics cases of OCPP 1.6."""

from __future__ import annotations

from typing import Any

import pytest

from ..case import case
from ..operator import Operator
from .charging import Charging, now, rebooted

FIRMWARE = "https://example.com/firmware/2.0.bin"
DIAGNOSTICS = "ftp://example.com/diagnostics"


async def tells(operator: Operator, action: str, *statuses: str) -> None:
    for status in statuses:
        assert await operator.station.call(action, {"status": status}) == {}


async def job(operator: Operator, kind: str) -> Any:
    """The only one of its kind, without what says when: its outcome and statuses."""
    [known] = await operator.listed(f"jobs?kind={kind}")
    return known["outcome"], [step["status"] for step in known["history"]]


async def asked_to_update(operator: Operator) -> None:
    update = {"location": FIRMWARE, "retrieveDate": now(), "retries": 1, "retryInterval": 60}
    await operator.tell("UpdateFirmware", update, {})


@case("TC_044_1_CSMS")
async def test_a_firmware_update_is_followed_until_the_new_firmware_has_booted(session: Charging) -> None:
    operator, action = session.operator, "FirmwareStatusNotification"
    await asked_to_update(operator)
    await tells(operator, action, "Downloading", "Downloaded")
    await session.status("Unavailable")
    await tells(operator, action, "Installing")
    assert await job(operator, "firmware") == ("running", ["Downloading", "Downloaded", "Installing"])
    async with rebooted(operator, firmware="2.0") as again:
        await tells(again, action, "Installed")
        steps = ["Downloading", "Downloaded", "Installing", "Installed"]
        assert await job(again, "firmware") == ("succeeded", steps)
        known = await again.system.get(f"{again.system.device}/chargingstations/{again.station.id}")
        assert known["firmwareVersion"] == "2.0"


@pytest.mark.parametrize(
    "steps",
    [["Downloading", "DownloadFailed"], ["Downloading", "Downloaded", "Installing", "InstallationFailed"]],
    ids=["download", "installation"],
)
@case("TC_044_2_CSMS", "TC_044_3_CSMS")
async def test_a_firmware_update_that_fails_is_known_to_have_failed(
    operator: Operator, steps: list[str]
) -> None:
    await asked_to_update(operator)
    await tells(operator, "FirmwareStatusNotification", *steps)
    assert await job(operator, "firmware") == ("failed", steps)


@pytest.mark.parametrize(
    ("end", "outcome"), [("Uploaded", "succeeded"), ("UploadFailed", "failed")], ids=["uploaded", "failed"]
)
@case("TC_045_1_CSMS", "TC_045_2_CSMS")
async def test_diagnostics_are_followed_until_they_are_uploaded_or_not(
    operator: Operator, end: str, outcome: str
) -> None:
    asked = {"location": DIAGNOSTICS, "startTime": now(-3600), "stopTime": now(), "retries": 1}
    await operator.tell("GetDiagnostics", asked, {"fileName": "diagnostics.zip"})
    await tells(operator, "DiagnosticsStatusNotification", "Uploading")
    assert await job(operator, "diagnostics") == ("running", ["Uploading"])
    await tells(operator, "DiagnosticsStatusNotification", end)
    assert await job(operator, "diagnostics") == (outcome, ["Uploading", end])
