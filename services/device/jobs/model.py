"""A job of a station, such as an update of its firmware or the upload of a log: its progress and outcome."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from libs.csms.clock import Time, rfc3339
from libs.csms.secrets import masked
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
ACCEPTED = "Accepted"
NO_ANSWER = "NoAnswer"
REQUEST_OUTCOMES: dict[str, Outcome] = {
    ASKED: "asked",
    ACCEPTED: "running",
    NO_ANSWER: "asked",
}
"""The outcome of a job that the station has reported nothing of, by what became of the request for it. With
any other status of the request it has failed.
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
    """One status that the station reported of a job."""

    status: str = Field(
        description="FirmwareStatus or DiagnosticsStatus of 1.6; FirmwareStatusEnumType,"
        " PublishFirmwareStatusEnumType or UploadLogStatusEnumType of 2.x; AcceptedCanceled where another"
        " request replaced the job."
    )
    at: Time = Field(description="When the gateway received the status.")
    reason_code: str | None = Field(
        default=None, description="The station's reason (reasonCode of StatusInfoType, 2.x)."
    )
    additional_info: str | None = Field(
        default=None, description="The station's details (additionalInfo of StatusInfoType, 2.x)."
    )

    @classmethod
    def of(cls, status: str, at: datetime, info: ocpp2.StatusInfoType | None) -> Step:
        reason_code, additional_info = (info.reason_code, info.additional_info) if info else (None, None)
        shown = masked(additional_info)  # it may name the address of the file, with the password in it
        return cls(status=status, at=at, reason_code=reason_code, additional_info=shown)


class JobRequest(Document):
    """The request of the CSMS for a job."""

    command_id: str = Field(description="The command that asked for it.")
    asked_at: Time = Field(description="When it was asked for.")
    status: str = Field(
        default=ASKED,
        description="The status of the station's response, where Accepted is also AcceptedCanceled and a"
        " response without status; Asked as long as there is none; NothingToUpload for diagnostics without a"
        " file; Refused for a CALLERROR; NotSent; NoAnswer where it may be carried out all the same.",
    )
    answered_at: Time | None = Field(default=None, description="When the request ended.")


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
    request: JobRequest | None = Field(
        default=None, description="Who asked for it when; absent where the CSMS did not ask."
    )
    status: str = Field(description="The status of the newest step; while there is none, of the request.")
    outcome: Outcome = Field(
        description="How the job ended; asked until the station has accepted it, then running."
    )
    started_at: Time = Field(description="When it was asked for; else, when its first step was received.")
    updated_at: Time = Field(description="When its newest step was received, or its request ended.")
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
            outcome=OUTCOMES[kind].get(step.status, "running"),
            started_at=step.at,
            updated_at=step.at,
            history=[step],
        )

    @classmethod
    def asked(cls, station_id: str, kind: Kind, request_id: int | None, request: JobRequest) -> Job:
        """The CSMS is about to ask the station for it."""
        return cls(
            id=asked_id(station_id, kind, request_id, request.command_id),
            series=series_of(station_id, kind, request_id),
            station_id=station_id,
            kind=kind,
            request_id=request_id,
            request=request,
            status=request.status,
            outcome="asked",
            started_at=request.asked_at,
            updated_at=request.asked_at,
            history=[],
        )

    def was_asked_after(self, step: Step) -> bool:
        """Whether a step is of an earlier job, and comes late."""
        return self.request is not None and step.at < self.request.asked_at - CLOCK_ERROR

    def concerns(self, step: Step) -> bool:
        """Whether a step belongs to this job, the latest of its series. If not, it begins another job."""
        if not self.history:
            return self.outcome in ("asked", "running")
        silent = step.at - self.updated_at > MAX_SILENCE
        if step.at <= self.updated_at or step.status == self.status:
            return not silent
        return self.outcome == "running" and not (silent and self.request_id is None)

    def answered(self, status: str, at: datetime) -> Job:
        """The request has ended. It counts until the station reports a step."""
        if self.request is None or self.request.status != ASKED:
            return self
        job = self.changed(
            request=self.request.changed(status=status, answered_at=at), updated_at=max(self.updated_at, at)
        )
        if self.history:
            return job
        return job.changed(status=status, outcome=REQUEST_OUTCOMES.get(status, "failed"))

    def merge(self, step: Step, location: list[str] | None) -> Job:
        """Add a step in the order of time. A step that repeats the status before it is left out."""
        history: list[Step] = []
        for one in sorted([*self.history, step], key=lambda one: one.at):
            if not history or history[-1].status != one.status:
                history.append(one)
        latest, request = history[-1], self.request
        answered_at = request.answered_at if request is not None else None
        return self.changed(
            history=[*history[:1], *history[1:][-MAX_HISTORY_STEPS:]],
            status=latest.status,
            outcome=OUTCOMES[self.kind].get(latest.status, "running"),
            started_at=history[0].at if request is None else request.asked_at,
            updated_at=max(latest.at, answered_at or latest.at),
            location=location or self.location,
        )


def series_of(station_id: str, kind: Kind, request_id: int | None) -> str:
    return composite_id(station_id, kind, "" if request_id is None else request_id)


def asked_id(station_id: str, kind: Kind, request_id: int | None, command_id: str) -> str:
    """``Job.id`` of a job that the CSMS asked for."""
    return f"{series_of(station_id, kind, request_id)}:{command_id}"
