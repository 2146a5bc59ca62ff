"""The jobs of stations: the statuses that a station reports are merged into its jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Self

from libs.csms.clock import rfc3339
from libs.csms.messaging.router import Router
from libs.csms.storage.queries import every
from libs.csms.storage.store import Collection, Index, Query, Store

from ..messages.service import Messages
from .model import Job, Kind, Step, series_of

router: Router[Jobs] = Router("device")

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
        latest = await self.jobs.find(Query({"series": series}, "startedAt", True, page_size=1))
        begun = Job.begun(station_id, kind, request_id, step)
        job = next((job for job in latest.items if job.concerns(step)), begun)
        await self.jobs.update(job.id, lambda known: (known or job).merge(step, location))

    async def replaced(self, station_id: str, kind: Kind, request_id: int, at: datetime) -> None:
        """The station has cancelled its running jobs of that kind for this request (L01.FR.24, N01.FR.12)."""
        step = Step(status="AcceptedCanceled", at=at)
        query = Query({"stationId": station_id, "kind": kind}, "startedAt", True, to=rfc3339(at))
        async for job in every(self.jobs, query):
            if job.outcome == "running" and job.request_id != request_id:
                await self.jobs.update(job.id, partial(_replaced, job, step))


def _replaced(found: Job, step: Step, known: Job | None) -> Job:
    job = known or found
    return job.merge(step, None) if job.outcome == "running" else job
