"""What stations report of their device model: variables, monitors, events and event streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from libs.csms.messaging.router import Router
from libs.csms.parallel import each
from libs.csms.storage.queries import every
from libs.csms.storage.store import Collection, Index, Query, Store, filters

from ..messages.service import Messages
from .event_stream import EventStream
from .model import ReportedVariable
from .monitor import Monitor, MonitoredEvent

router: Router[DeviceModel] = Router("device")

PARALLEL_WRITES = 100
"""Greatest number of documents that are written at the same time for one message."""

Known = TypeVar("Known", ReportedVariable, Monitor, EventStream, MonitoredEvent)


VARIABLE_INDEXES = [
    Index(("stationId",)),
    *filters("component.evse.id", "component.name", "variable.name"),
]
EVENT_INDEXES = [Index(("stationId",), "timestamp", descending=True)]


@dataclass(frozen=True)
class DeviceModel:
    """The result does not depend on the order of reports, or on how often they are delivered."""

    variables: Collection[ReportedVariable]
    monitors: Collection[Monitor]
    events: Collection[MonitoredEvent]
    event_streams: Collection[EventStream]
    messages: Messages

    @classmethod
    def of(cls, store: Store, messages: Messages) -> Self:
        return cls(
            variables=store.collection("variables", ReportedVariable, VARIABLE_INDEXES),
            monitors=store.collection("monitors", Monitor, [Index(("stationId",))]),
            events=store.collection("events", MonitoredEvent, EVENT_INDEXES),
            event_streams=store.collection("eventStreams", EventStream, [Index(("stationId",))]),
            messages=messages,
        )

    async def merge(self, collection: Collection[Known], documents: Sequence[Known]) -> bool:
        """Merge each document with the stored one of its key. Returns when all are durable. True if any
        of them was not known before.
        """
        new: list[Known] = []

        async def merge(document: Known) -> None:
            stored = await collection.update(
                document.key, lambda known: known.merge(document) if known else document
            )
            if stored is document:
                new.append(document)

        await each(documents, merge, PARALLEL_WRITES)
        return bool(new)

    async def forget(self, station_id: str) -> None:
        """Delete the variables, monitors and event streams of the station. Its events stay."""
        query = Query({"stationId": station_id})
        async for variable in every(self.variables, query):
            await self.variables.delete(variable.key)
        async for monitor in every(self.monitors, query):
            await self.monitors.delete(monitor.key)
        async for stream in every(self.event_streams, query):
            await self.event_streams.delete(stream.key)
