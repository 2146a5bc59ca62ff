"""A job of a station, such as an update of its firmware or the upload of a log: its progress and outcome."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from libs.csms.clock import Time, rfc3339
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document
from libs.ocpp_messages import ocpp2

Kind = Literal["firmware", "publish-firmware", "log", "diagnostics"]
Outcome = Literal["running", "succeeded", "failed", "cancelled"]

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
"""By the statuses that end a job; all others are on the way."""

FORGOTTEN_AFTER = timedelta(days=1)
"""A job without number that has been silent so long is not what a station speaks of now."""

LONGEST_HISTORY = 200


class Step(Document):
    status: str
    at: Time
    reason_code: str | None = None
    additional_info: str | None = None

    @classmethod
    def of(cls, status: str, at: datetime, told: ocpp2.StatusInfoType | None) -> Step:
        reason_code, additional_info = (told.reason_code, told.additional_info) if told else (None, None)
        return cls(status=status, at=at, reason_code=reason_code, additional_info=additional_info)


class Job(Document):
    """``request_id`` is the number that the CSMS gave it; OCPP 1.6 may have none.

    ``series`` names all jobs of a station that a notification could be about. ``location`` is where firmware
    was published.
    """

    id: str
    series: str
    station_id: str
    kind: Kind
    request_id: int | None = None
    status: str
    outcome: Outcome
    started_at: Time
    updated_at: Time
    history: list[Step]
    location: list[str] | None = None

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

    def concerns(self, step: Step) -> bool:
        """Whether a step belongs to this job, the latest one so far, and not to one that begins with it."""
        silent = step.at - self.updated_at > FORGOTTEN_AFTER
        if step.at <= self.updated_at or step.status == self.status:
            return not silent
        return self.outcome == "running" and not (silent and self.request_id is None)

    def merge(self, step: Step, location: list[str] | None) -> Job:
        """Steps are kept in the order of their times. One that only repeats the step before it is none."""
        history: list[Step] = []
        for one in sorted([*self.history, step], key=lambda one: one.at):
            if not history or history[-1].status != one.status:
                history.append(one)
        latest = history[-1]
        update = {
            "history": [*history[:1], *history[1:][-LONGEST_HISTORY:]],
            "status": latest.status,
            "outcome": OUTCOMES[self.kind].get(latest.status, "running"),
            "started_at": history[0].at,
            "updated_at": latest.at,
            "location": location or self.location,
        }
        reported = self.model_copy(update=update)
        return self if reported == self else reported


def series_of(station_id: str, kind: Kind, request_id: int | None) -> str:
    return composite_id(station_id, kind, "" if request_id is None else request_id)
