"""The jobs of stations: the statuses that a station reports are merged into its jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Self

from libs.csms.clock import rfc3339
from libs.csms.messaging.router import Result, Router
from libs.csms.storage.queries import every, update_existing
from libs.csms.storage.store import Collection, Index, Query, Store
from libs.ocpp_messages.action import Action

from ..messages.service import Messages
from .model import ACCEPTED, JOB_ACTIONS, NO_ANSWER, Job, JobRequest, Kind, Step, asked_id, series_of

router: Router[Jobs] = Router("device")

MAX_CANDIDATES = 5
"""Jobs of a series that a status is looked for in, the latest first."""

JOB_INDEXES = [
    Index(("stationId",), "startedAt", descending=True),
    Index(("stationId", "kind"), "startedAt", descending=True),
    Index(("series",), "startedAt", descending=True),
]


@dataclass(frozen=True)
class Jobs:
    jobs: Collection[Job]
    messages: Messages

    @classmethod
    def of(cls, store: Store, messages: Messages) -> Self:
        return cls(store.collection("jobs", Job, JOB_INDEXES), messages)

    async def progress(
        self,
        station_id: str,
        kind: Kind,
        request_id: int | None,
        step: Step,
        location: list[str] | None = None,
    ) -> None:
        """A station reports the status of a job. Idle is about no job and is ignored."""
        if step.status == "Idle":
            return
        series = series_of(station_id, kind, request_id)
        query = Query({"series": series}, "startedAt", True, page_size=MAX_CANDIDATES)
        found = (await self.jobs.find(query)).items
        latest = next((job for job in found if not job.was_asked_after(step)), None)
        begun = Job.begun(station_id, kind, request_id, step)
        job = latest if latest is not None and latest.concerns(step) else begun
        await self.jobs.update(job.id, lambda known: (known or job).merge(step, location))

    async def asked(self, station_id: str, command_id: str, action: Action[Any, Any], payload: Any) -> None:
        """A ``Check`` of commands, the last one: the station is about to be asked for a job."""
        kind = JOB_ACTIONS.get(action.name)
        if kind is not None:
            asked = JobRequest(command_id=command_id, asked_at=self.messages.clock())
            job = Job.asked(station_id, kind, payload.get("requestId"), asked)
            await self.jobs.update(job.id, lambda known: known or job)

    async def answered(self, result: Result[Any, Any], request_id: int | None, status: str = "") -> None:
        """The request for a job has ended. Without ``status``, that of the response counts; a response that
        has none is an acceptance.
        """
        kind = JOB_ACTIONS[result.ended.action]
        status = status or result.ended.station_status or ACCEPTED
        if result.response is None:
            status = result.ended.station_status or _without_response(result)
        if status == "AcceptedCanceled":
            await self._replaced(result.station_id, kind, request_id, result.answered_at)
            status = ACCEPTED
        id = asked_id(result.station_id, kind, request_id, result.command_id)
        await update_existing(self.jobs, id, lambda job: job.answered(status, result.answered_at))

    async def _replaced(self, station_id: str, kind: Kind, request_id: int | None, at: datetime) -> None:
        """The station has cancelled its running jobs of that kind for this request (L01.FR.24, N01.FR.12)."""
        step = Step(status="AcceptedCanceled", at=at)
        query = Query({"stationId": station_id, "kind": kind}, "startedAt", True, to=rfc3339(at))
        async for job in every(self.jobs, query):
            if job.outcome == "running" and job.request_id != request_id:
                await self.jobs.update(job.id, partial(_replaced, job, step))


def _without_response(result: Result[Any, Any]) -> str:
    """A request that was sent, and has no answer that can be read, may still be carried out."""
    if result.ended.status not in ("error", "expired", "cancelled"):
        return NO_ANSWER
    return "Refused" if result.reached_station else "NotSent"


def _replaced(found: Job, step: Step, known: Job | None) -> Job:
    job = known or found
    return job.merge(step, None) if job.outcome == "running" else job
