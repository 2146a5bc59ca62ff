from __future__ import annotations

from itertools import permutations
from typing import Any

import httpx
import pytest

from libs.ocpp_messages.errors import ErrorCode
from libs.ocpp_messages.version import Version

from .operator import Operator
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


V16, V201, V21 = Version.V16, Version.V201, Version.V21
UPDATE_2 = {"requestId": 5, "firmware": {"location": "ftp://x", "retrieveDateTime": "2026-11-20T12:00:00Z"}}
UPDATE_16 = {"location": "ftp://x", "retrieveDate": "2026-11-20T12:00:00Z"}
SIGNED_FIRMWARE = {
    "location": "ftp://x",
    "retrieveDateTime": "2026-11-20T12:00:00Z",
    "signingCertificate": "c",
    "signature": "s",
}
SIGNED_16 = {"requestId": 5, "firmware": SIGNED_FIRMWARE}
LOG_2 = {"logType": "DiagnosticsLog", "requestId": 5, "log": {"remoteLocation": "ftp://u:secret@x"}}
DIAGNOSTICS = {"location": "ftp://x"}
PUBLISH = {"requestId": 5, "location": "ftp://x", "checksum": "c"}
ACCEPTED = {"status": "Accepted"}


async def ended(operator: Operator) -> None:
    """The end of the latest command, as the bus delivers it: at least once."""
    latest = next(event for event in reversed(operator.events) if event.action == "CommandEnded")
    for _ in range(2):
        await operator.reply(latest)


async def jobs(operator: Operator) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await listed(operator.http, "jobs")
    return found


@pytest.mark.parametrize(
    ("version", "action", "payload", "kind", "accepted"),
    [
        (V201, "UpdateFirmware", UPDATE_2, "firmware", ACCEPTED),
        (V21, "UpdateFirmware", UPDATE_2, "firmware", {"status": "AcceptedCanceled"}),
        (V16, "UpdateFirmware", UPDATE_16, "firmware", {}),
        (V16, "SignedUpdateFirmware", SIGNED_16, "firmware", ACCEPTED),
        (V201, "GetLog", LOG_2, "log", ACCEPTED),
        (V16, "GetLog", LOG_2, "log", ACCEPTED),
        (V16, "GetDiagnostics", DIAGNOSTICS, "diagnostics", {"fileName": "f"}),
        (V21, "PublishFirmware", PUBLISH, "publish-firmware", ACCEPTED),
    ],
)
async def test_a_job_is_there_as_soon_as_it_is_asked_for(
    operator: Operator, version: Version, action: str, payload: Any, kind: str, accepted: Any
) -> None:
    await operator.connected(version)

    command = (await operator.post(action, payload)).json()

    [job] = await jobs(operator)
    assert (job["kind"], job["status"], job["outcome"]) == (kind, "Asked", "asked")
    assert (job["request"]["commandId"], job.get("requestId")) == (command["id"], payload.get("requestId"))
    assert "secret" not in str(job)

    await operator.answer(await operator.next(), accepted)
    await ended(operator)
    [job] = await jobs(operator)
    assert (job["status"], job["outcome"]) == ("Accepted", "running")


@pytest.mark.parametrize(
    ("version", "action", "payload", "status", "notification"),
    [
        (V201, "UpdateFirmware", UPDATE_2, "Downloading", FIRMWARE),
        (V16, "UpdateFirmware", UPDATE_16, "Downloading", FIRMWARE),
        (V16, "SignedUpdateFirmware", SIGNED_16, "Downloading", "SignedFirmwareStatusNotification"),
        (V21, "GetLog", LOG_2, "Uploading", LOG),
        (V16, "GetDiagnostics", DIAGNOSTICS, "Uploading", "DiagnosticsStatusNotification"),
    ],
)
@pytest.mark.parametrize("seconds", [-2, 1, 200_000], ids=["clocks differ", "soon", "scheduled"])
async def test_what_the_station_reports_then_is_of_that_job(
    operator: Operator,
    csms: Csms,
    version: Version,
    action: str,
    payload: Any,
    status: str,
    notification: str,
    seconds: float,
) -> None:
    await operator.connected(version)
    await operator.post(action, payload)

    numbered = {"requestId": payload["requestId"]} if "requestId" in payload else {}
    await report(csms, notification, status, version=version, start=seconds, **numbered)

    [job] = await jobs(operator)
    assert [step["status"] for step in job["history"]] == [status]
    assert job["startedAt"] == job["request"]["askedAt"] == "2026-11-20T12:00:00.000Z"
    assert (job["status"], job["outcome"]) == (status, "running")


async def test_in_1_6_a_late_status_is_of_the_job_before(operator: Operator, csms: Csms) -> None:
    await operator.connected(V16)
    await report(csms, FIRMWARE, "Downloading", "Installed", version=V16)
    operator.clock.at = after(3600)
    await operator.post("UpdateFirmware", UPDATE_16)
    await report(csms, FIRMWARE, "Downloading", "Installed", version=V16)

    assert [job[2] for job in brief(await jobs(operator))] == ["asked", "succeeded"]


@pytest.mark.parametrize(
    ("version", "action", "payload", "response", "status"),
    [
        (V201, "UpdateFirmware", UPDATE_2, {"status": "Rejected"}, "Rejected"),
        (V21, "UpdateFirmware", UPDATE_2, {"status": "InvalidCertificate"}, "InvalidCertificate"),
        (V16, "SignedUpdateFirmware", SIGNED_16, {"status": "RevokedCertificate"}, "RevokedCertificate"),
        (V16, "GetDiagnostics", DIAGNOSTICS, {}, "NothingToUpload"),
        (V201, "GetLog", LOG_2, {"status": "Rejected"}, "Rejected"),
    ],
)
async def test_a_job_that_the_station_does_not_accept_has_failed(
    operator: Operator, version: Version, action: str, payload: Any, response: Any, status: str
) -> None:
    await operator.connected(version)
    await operator.post(action, payload)
    await operator.answer(await operator.next(), response)
    await ended(operator)

    [job] = await jobs(operator)
    assert (job["status"], job["outcome"]) == (status, "failed")


@pytest.mark.parametrize(
    ("reason", "status", "outcome"),
    [
        ({}, "Refused", "failed"),
        ({"gateway": "overloaded"}, "NotSent", "failed"),
        ({"gateway": "timeout"}, "NoAnswer", "asked"),
    ],
)
async def test_a_job_says_why_the_station_has_not_answered(
    operator: Operator, reason: Any, status: str, outcome: str
) -> None:
    await operator.connected()
    await operator.post("UpdateFirmware", UPDATE_2)
    await operator.refuse(await operator.next(), ErrorCode.GENERIC_ERROR, "no", **reason)
    await ended(operator)

    [job] = await jobs(operator)
    assert (job["status"], job["outcome"]) == (status, outcome)


async def test_a_job_without_an_answer_may_be_carried_out(operator: Operator, csms: Csms) -> None:
    await operator.connected()
    await operator.post("UpdateFirmware", UPDATE_2)
    await operator.refuse(await operator.next(), ErrorCode.GENERIC_ERROR, "no", gateway="timeout")
    await report(csms, FIRMWARE, "Downloading", requestId=5, start=-1)
    await ended(operator)

    [job] = await jobs(operator)
    assert (job["status"], job["outcome"]) == ("Downloading", "running")
    assert job["request"]["status"] == "NoAnswer"


async def test_a_request_number_that_is_used_again_is_another_job(operator: Operator, csms: Csms) -> None:
    await operator.connected()
    for seconds in (0, 100):
        operator.clock.at = after(seconds)
        await operator.post("UpdateFirmware", UPDATE_2)
        await operator.answer(await operator.next(), ACCEPTED)
        await ended(operator)
        await report(csms, FIRMWARE, "Downloading", "Installed", requestId=5, start=seconds + 1)

    assert [job[2] for job in brief(await jobs(operator))] == ["succeeded", "succeeded"]


async def test_a_command_that_is_refused_is_no_job(operator: Operator) -> None:
    await operator.connected()
    await operator.away()

    assert (await operator.post("UpdateFirmware", UPDATE_2)).status_code == 409

    assert await jobs(operator) == []


@pytest.mark.parametrize(("operation", "kind"), [("update-firmware", "firmware"), ("get-diagnostics", "log")])
async def test_an_operation_shows_its_job_at_once(operator: Operator, operation: str, kind: str) -> None:
    await operator.connected()

    asked = await operator.http.post(
        f"/chargingstations/CS1/remote/{operation}", json={"location": "ftp://x"}, params={"wait": 0}
    )

    [job] = await jobs(operator)
    assert (job["kind"], job["outcome"], job["request"]["commandId"]) == (kind, "asked", asked.json()["id"])


async def test_a_job_is_the_same_whether_its_answer_or_its_status_comes_first(
    operator: Operator, csms: Csms
) -> None:
    shown = []
    for request_id, answer_first in ((1, True), (2, False)):
        await operator.connected()
        await operator.post("UpdateFirmware", UPDATE_2 | {"requestId": request_id})
        if answer_first:
            await operator.answer(await operator.next(), ACCEPTED)
            await ended(operator)
        await report(csms, FIRMWARE, "Downloading", requestId=request_id, start=-1)
        if not answer_first:
            await operator.answer(await operator.next(), ACCEPTED)
            await ended(operator)
        [job] = [one for one in await jobs(operator) if one["requestId"] == request_id]
        shown.append({name: job[name] for name in ("status", "outcome", "startedAt", "updatedAt", "history")})

    assert shown[0] == shown[1]


async def test_a_request_that_may_not_wait_for_its_secret_is_no_job(operator: Operator) -> None:
    await operator.connected()
    await operator.away()

    refused = await operator.post("GetLog", LOG_2, deliver="when-online")

    assert (refused.status_code, await jobs(operator)) == (422, [])
