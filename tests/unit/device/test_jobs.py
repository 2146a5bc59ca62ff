from __future__ import annotations

from itertools import permutations
from typing import Any

import httpx
import pytest

from libs.ocpp_messages.version import Version

from .station import Csms, after
from .test_device_model import listed

pytestmark = pytest.mark.usefixtures("registered")

FIRMWARE = "FirmwareStatusNotification"
LOG = "LogStatusNotification"


async def report(csms: Csms, action: str, *statuses: str, start: float = 0, **more: Any) -> None:
    version = more.pop("version", Version.V201)
    for seconds, status in enumerate(statuses):
        at = after(start + seconds)
        assert await csms.call(action, {"status": status, **more}, version=version, at=at) == {}


def brief(jobs: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (job["kind"], job.get("requestId"), job["outcome"], [step["status"] for step in job["history"]])
        for job in jobs
    ]


async def test_an_update_is_a_job_with_progress_and_outcome(csms: Csms, client: httpx.AsyncClient) -> None:
    await report(csms, FIRMWARE, "Downloading", "Downloaded", requestId=5)
    [running] = await listed(client, "jobs")
    await report(csms, FIRMWARE, "Installing", "Installed", requestId=5, start=10)
    [ended] = await listed(client, "jobs")

    assert (running["status"], running["outcome"]) == ("Downloaded", "running")
    assert (ended["status"], ended["outcome"]) == ("Installed", "succeeded")
    assert (ended["startedAt"], ended["updatedAt"]) == (
        "2026-11-20T12:00:00.000Z",
        "2026-11-20T12:00:11.000Z",
    )
    assert "series" not in ended


async def test_statuses_may_come_in_any_order(csms: Csms, client: httpx.AsyncClient) -> None:
    steps = list(enumerate(["Downloading", "Downloaded", "Installed"]))
    for request_id, order in enumerate(permutations(steps)):
        for seconds, status in [*order, order[0]]:
            payload = {"status": status, "requestId": request_id}
            await csms.call(FIRMWARE, payload, at=after(seconds))

    jobs = await listed(client, "jobs")
    assert len(jobs) == 6
    assert {tuple(job[3]) for job in brief(jobs)} == {("Downloading", "Downloaded", "Installed")}


async def test_in_1_6_a_status_is_about_the_latest_running_job(csms: Csms, client: httpx.AsyncClient) -> None:
    await report(csms, FIRMWARE, "Downloading", "DownloadFailed", version=Version.V16)
    await report(csms, FIRMWARE, "Downloading", "Installed", version=Version.V16, start=60)

    assert brief(await listed(client, "jobs")) == [
        ("firmware", None, "succeeded", ["Downloading", "Installed"]),
        ("firmware", None, "failed", ["Downloading", "DownloadFailed"]),
    ]


async def test_in_1_6_a_status_after_a_long_silence_begins_another_job(
    csms: Csms, client: httpx.AsyncClient
) -> None:
    await report(csms, "DiagnosticsStatusNotification", "Uploading", version=Version.V16)
    await report(
        csms, "DiagnosticsStatusNotification", "Uploading", "Uploaded", version=Version.V16, start=90_000
    )

    assert [job[2] for job in brief(await listed(client, "jobs"))] == ["succeeded", "running"]


async def test_an_outcome_that_is_reported_twice_is_one(csms: Csms, client: httpx.AsyncClient) -> None:
    await report(csms, FIRMWARE, "Installing", "Installed", "Installed", requestId=5)

    assert brief(await listed(client, "jobs")) == [("firmware", 5, "succeeded", ["Installing", "Installed"])]


async def test_a_station_that_is_idle_has_no_job(csms: Csms, client: httpx.AsyncClient) -> None:
    await report(csms, LOG, "Idle")

    assert await listed(client, "jobs") == []
    assert len(await listed(client, "messages")) == 1


@pytest.mark.parametrize(
    ("action", "version", "status", "kind", "outcome"),
    [
        (LOG, Version.V16, "UploadFailure", "log", "failed"),
        (LOG, Version.V201, "AcceptedCanceled", "log", "cancelled"),
        (LOG, Version.V21, "Uploaded", "log", "succeeded"),
        (LOG, Version.V21, "PermissionDenied", "log", "failed"),
        (FIRMWARE, Version.V21, "InvalidSignature", "firmware", "failed"),
        ("SignedFirmwareStatusNotification", Version.V16, "InstallVerificationFailed", "firmware", "failed"),
        ("PublishFirmwareStatusNotification", Version.V201, "PublishFailed", "publish-firmware", "failed"),
    ],
)
async def test_some_statuses_end_a_job(
    csms: Csms, client: httpx.AsyncClient, action: str, version: Version, status: str, kind: str, outcome: str
) -> None:
    await report(csms, action, status, version=version, requestId=1)

    assert brief(await listed(client, "jobs", kind=kind)) == [(kind, 1, outcome, [status])]


async def test_published_firmware_says_where_it_is(csms: Csms, client: httpx.AsyncClient) -> None:
    where = ["http://10.0.0.1/fw.bin"]
    await report(csms, "PublishFirmwareStatusNotification", "Published", requestId=1, location=where)

    [job] = await listed(client, "jobs")
    assert (job["outcome"], job["location"]) == ("succeeded", where)


async def test_the_reason_that_a_station_gives_is_stored(csms: Csms, client: httpx.AsyncClient) -> None:
    why = {"reasonCode": "OutOfStorage", "additionalInfo": "12 kB free"}
    await report(csms, FIRMWARE, "DownloadFailed", requestId=1, statusInfo=why, version=Version.V21)

    [job] = await listed(client, "jobs")
    assert job["history"][0]["reasonCode"] == "OutOfStorage"
    assert job["history"][0]["additionalInfo"] == "12 kB free"
