"""A job of a station, such as an update of its firmware or the upload of a log: its progress and outcome."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from libs.csms.clock import Time, rfc3339
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document
from libs.ocpp_messages import ocpp2

Kind = Literal["firmware", "publish-firmware", "log", "diagnostics"]
Outcome = Literal["asked", "running", "succeeded", "failed", "cancelled"]

JOB_ACTIONS: dict[str, Kind] = {
    "GetDiagnostics": "diagnostics",
    "GetLog": "log",
    "PublishFirmware": "publish-firmware",
    "SignedUpdateFirmware": "firmware",
    "UpdateFirmware": "firmware",
}
"""The commands that ask for a job."""

ASKED = "Asked"
NO_ANSWER = "NoAnswer"
ACCEPTED = "Accepted"
REQUEST_OUTCOMES: dict[str, Outcome] = {
    ASKED: "asked",
    NO_ANSWER: "asked",
    "InvalidCertificate": "failed",
    "NotSent": "failed",
    "NothingToUpload": "failed",
    "Refused": "failed",
    "Rejected": "failed",
    "RevokedCertificate": "failed",
}
"""By what became of the request for a job: the station's status, or Asked, NoAnswer (it may still be carried
out), NotSent, Refused (by a CALLERROR) and NothingToUpload of the CSMS. With Accepted the job is running.
"""

OUTCOMES: dict[Kind, dict[str, Outcome]] = {
    "firmware": {
        "Installed": "succeeded",
        "DownloadFailed": "failed",
        "InstallationFailed": "failed",
        "InstallVerificationFailed": "failed",
        "InvalidSignature": "failed",
        "AcceptedCanceled": "cancelled",
    },
    "publish-firmware": {
        "Published": "succeeded",
        "DownloadFailed": "failed",
        "InvalidChecksum": "failed",
        "PublishFailed": "failed",
        "AcceptedCanceled": "cancelled",
    },
    "log": {
        "Uploaded": "succeeded",
        "BadMessage": "failed",
        "NotSupportedOperation": "failed",
        "PermissionDenied": "failed",
        "UploadFailure": "failed",
        "AcceptedCanceled": "cancelled",
    },
    "diagnostics": {"Uploaded": "succeeded", "UploadFailed": "failed"},
}
"""The outcome of a job by the status that ends it. With any other status it is running."""

MAX_SILENCE = timedelta(days=1)
"""A job without request id gets no more statuses after a silence of this length: the next one begins another
job.
"""

CLOCK_ERROR = timedelta(seconds=5)
"""How far the clocks of two processes of the CSMS may differ: of a gateway, and of who asked for the job."""

MAX_HISTORY_STEPS = 200
"""The newest steps that are kept of a job, beside the first."""


class Step(Document):
    """One status of a job: of the request for it, or reported by the station."""

    status: str = Field(
        description="FirmwareStatus or DiagnosticsStatus of 1.6; FirmwareStatusEnumType,"
        " PublishFirmwareStatusEnumType or UploadLogStatusEnumType of 2.x; AcceptedCanceled where another"
        " request replaced the job. Of the request: Asked, the status of the station's response, NoAnswer,"
        " NotSent, Refused or NothingToUpload."
    )
    at: Time = Field(description="When the gateway received the status; when the CSMS asked for the job.")
    reason_code: str | None = Field(
        default=None, description="The station's reason (reasonCode of StatusInfoType, 2.x)."
    )
    additional_info: str | None = Field(
        default=None, description="The station's details (additionalInfo of StatusInfoType, 2.x)."
    )

    @classmethod
    def of(cls, status: str, at: datetime, info: ocpp2.StatusInfoType | None) -> Step:
        reason_code, additional_info = (info.reason_code, info.additional_info) if info else (None, None)
        return cls(status=status, at=at, reason_code=reason_code, additional_info=additional_info)


class Job(Document):
    """A firmware update, a publication of firmware, or an upload of a log or of diagnostics."""

    id: str = Field(
        description="Unique: its series, and its command; when it was first reported, if it has none."
    )
    series: str = Field(
        description="The same for jobs that a status notification cannot tell apart: those of one station,"
        " kind and request id."
    )
    station_id: str = Field(description="The station that does the job.")
    kind: Kind = Field(description="What the station does.")
    request_id: int | None = Field(
        default=None, description="requestId of the request that began it; absent where 1.6 has none."
    )
    command_id: str | None = Field(
        default=None, description="The command that asked for it; absent where the CSMS did not ask."
    )
    status: str = Field(description="The status of the newest step.")
    outcome: Outcome = Field(
        description="How the job ended; asked until the station has accepted it, then running."
    )
    started_at: Time = Field(description="When its first step was received.")
    updated_at: Time = Field(description="When its newest step was received.")
    history: list[Step] = Field(
        description="Steps in the order of time: the first, and at most 200 of the newest."
    )
    location: list[str] | None = Field(
        default=None, description="Addresses where the firmware is published (location of 2.x)."
    )

    @classmethod
    def begun(cls, station_id: str, kind: Kind, request_id: int | None, step: Step) -> Job:
        series = series_of(station_id, kind, request_id)
        return cls(
            id=f"{series}:{rfc3339(step.at)}",
            series=series,
            station_id=station_id,
            kind=kind,
            request_id=request_id,
            status=step.status,
            outcome=_outcome(kind, step.status),
            started_at=step.at,
            updated_at=step.at,
            history=[step],
        )

    @classmethod
    def asked(cls, station_id: str, kind: Kind, request_id: int | None, command_id: str, at: datetime) -> Job:
        """The CSMS is about to ask the station for it."""
        job = cls.begun(station_id, kind, request_id, Step(status=ASKED, at=at))
        return job.changed(id=asked_id(station_id, kind, request_id, command_id), command_id=command_id)

    def was_asked_after(self, step: Step) -> bool:
        """Whether a step is of an earlier job, and comes late."""
        return self.command_id is not None and step.at < self.started_at - CLOCK_ERROR

    def concerns(self, step: Step) -> bool:
        """Whether a step belongs to this job, the latest of its series. If not, it begins another job."""
        if self.status in (ASKED, NO_ANSWER, ACCEPTED):
            return True  # it may be for a later time
        silent = step.at - self.updated_at > MAX_SILENCE
        if step.at <= self.updated_at or step.status == self.status:
            return not silent
        return self.outcome == "running" and not (silent and self.request_id is None)

    def merge(self, step: Step, location: list[str] | None) -> Job:
        """Add a step in the order of time. A step that repeats the status before it is left out."""
        history: list[Step] = []
        for one in sorted([*self.history, step], key=_place_in_time):
            if not history or history[-1].status != one.status:
                history.append(one)
        latest = history[-1]
        return self.changed(
            history=[*history[:1], *history[1:][-MAX_HISTORY_STEPS:]],
            status=latest.status,
            outcome=_outcome(self.kind, latest.status),
            started_at=history[0].at,
            updated_at=latest.at,
            location=location or self.location,
        )


def series_of(station_id: str, kind: Kind, request_id: int | None) -> str:
    return composite_id(station_id, kind, "" if request_id is None else request_id)


def asked_id(station_id: str, kind: Kind, request_id: int | None, command_id: str) -> str:
    """``Job.id`` of a job that the CSMS asked for."""
    return f"{series_of(station_id, kind, request_id)}:{command_id}"


def _outcome(kind: Kind, status: str) -> Outcome:
    return OUTCOMES[kind].get(status) or REQUEST_OUTCOMES.get(status, "running")


def _place_in_time(step: Step) -> tuple[int, datetime]:
    """What the CSMS did comes before what the station reported, whatever the clocks say."""
    return {ASKED: 0, NO_ANSWER: 1}.get(step.status, 2), step.at
