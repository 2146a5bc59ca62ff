"""What stations report of themselves beyond their connectors, as the device service keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Self, TypeVar

from libs.csms.clock import rfc3339
from libs.csms.parallel import each
from libs.csms.storage.queries import every
from libs.csms.storage.store import Collection, Index, Query, Store, filters

from .device_model import ReportedVariable
from .event_stream import EventStream
from .job import Job, Kind, Step, series_of
from .monitor import Event, Monitor

AT_ONCE = 100
"""Documents that are written at the same time for one message."""

Known = TypeVar("Known", ReportedVariable, Monitor, EventStream, Event)


@dataclass(frozen=True)
class Reported:
    """Told the same again, and in any order, it comes to the same."""

    variables: Collection[ReportedVariable]
    monitors: Collection[Monitor]
    events: Collection[Event]
    event_streams: Collection[EventStream]
    jobs: Collection[Job]

    @classmethod
    def of(cls, store: Store) -> Self:
        by_station = Index(("stationId",))
        names = filters("component.evse.id", "component.name", "variable.name")
        jobs = [
            Index(("stationId",), "startedAt", descending=True),
            Index(("stationId", "kind"), "startedAt", descending=True),
            Index(("series",), "startedAt", descending=True),
        ]
        return cls(
            variables=store.collection("variables", ReportedVariable, [by_station, *names]),
            monitors=store.collection("monitors", Monitor, [by_station]),
            events=store.collection("events", Event, [Index(("stationId",), "timestamp", descending=True)]),
            event_streams=store.collection("eventStreams", EventStream, [by_station]),
            jobs=store.collection("jobs", Job, jobs),
        )

    async def keep(self, collection: Collection[Known], documents: Sequence[Known]) -> None:
        """Returns when all of them are durable, each merged with what is known under its key."""

        async def keep(document: Known) -> None:
            await collection.update(
                document.key, lambda known: known.or_newer(document) if known else document
            )

        await each(documents, keep, AT_ONCE)

    async def progress(
        self,
        station_id: str,
        kind: Kind,
        request_id: int | None,
        step: Step,
        location: list[str] | None = None,
    ) -> None:
        """A station says how far it is. That it is idle says nothing of any job."""
        if step.status == "Idle":
            return
        series = series_of(station_id, kind, request_id)
        latest = await self.jobs.find(Query({"series": series}, "startedAt", True, page_size=1))
        begun = Job.begun(station_id, kind, request_id, step)
        job = next((job for job in latest.items if job.concerns(step)), begun)
        await self.jobs.update(job.id, lambda known: (known or job).reported(step, location))

    async def replaced(self, station_id: str, kind: Kind, request_id: int, at: datetime) -> None:
        """The station has given up what it did, for the sake of this request (L01.FR.24, N01.FR.12)."""
        step = Step(status="AcceptedCanceled", at=at)
        query = Query({"stationId": station_id, "kind": kind}, "startedAt", True, to=rfc3339(at))
        async for job in every(self.jobs, query):
            if job.outcome == "running" and job.request_id != request_id:
                await self.jobs.update(job.id, partial(_replaced, job, step))

    async def forget(self, station_id: str) -> None:
        """What the station is and has. What it did remains: its events, its jobs."""
        query = Query({"stationId": station_id})
        async for variable in every(self.variables, query):
            await self.variables.delete(variable.key)
        async for monitor in every(self.monitors, query):
            await self.monitors.delete(monitor.key)
        async for stream in every(self.event_streams, query):
            await self.event_streams.delete(stream.key)


def _replaced(found: Job, step: Step, known: Job | None) -> Job:
    job = known or found
    return job.reported(step, None) if job.outcome == "running" else job
