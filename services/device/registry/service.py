"""The registry of charging stations: creates, changes and deletes them, and stores their boots."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from libs.csms.access.groups import IdsInGroup, UnknownStation, in_order_of_groups
from libs.csms.clock import Clock, rfc3339
from libs.csms.errors import Conflict, Invalid
from libs.csms.messaging.bus import Bus
from libs.csms.storage.queries import every, update_existing, update_from
from libs.csms.storage.store import Collection, Index, Page, Query, Scalar, Store, filters
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import (
    EventData,
    RegistrationStatusChanged,
    StationAccessRevoked,
    StationDeleted,
)
from libs.ocpp_messages.message import Kind, Message

from ..connectivity.service import Connectivity
from .bodies import NewStation, StationBody
from .model import Boot, Station
from .search import search_key

log = logging.getLogger(__name__)

Cleanup = Callable[[str], Awaitable[None]]
"""Deletes what a package stores about a station, by its id. It may be called several times."""

RESUME_INTERVAL = 300.0
"""Seconds between two searches for deletions that a failed process left incomplete."""

MAX_READS = 20
"""Pages of the store that are read for one page of a search."""

INDEXES = [
    Index((), "deletedAt"),
    Index(("group",)),
    Index(contains="searchKeys"),
    *filters("firmwareVersion", "model", "registrationStatus", "vendorName"),
]

DELETED = "the charging station has been deleted"
REJECTED = "the charging station has been rejected"
"""Reasons of close frames."""


class StationExists(Conflict):
    """A station is created under an id that is in use."""

    def __init__(self) -> None:
        super().__init__("there is a charging station of that id already")


@dataclass(frozen=True)
class Registry:
    stations: Collection[Station]
    """By id."""
    connectivity: Connectivity
    bus: Bus
    clock: Clock
    cleanups: list[Cleanup] = field(default_factory=list)
    """One of each package that stores something about stations, in the order of deletion."""

    @classmethod
    def of(cls, store: Store, connectivity: Connectivity, bus: Bus, clock: Clock) -> Self:
        return cls(store.collection("chargingstations", Station, INDEXES), connectivity, bus, clock)

    async def get(self, id: str) -> Station | None:
        station = await self.stations.get(id)
        return None if station is None or station.deleted_at is not None else station

    async def existing(self, id: str) -> Station:
        """Raises ``UnknownStation``."""
        if (station := await self.get(id)) is None:
            raise UnknownStation
        return station

    async def group_of(self, id: str) -> str | None:
        """Raises ``UnknownStation``."""
        return (await self.existing(id)).group

    async def ids_in_group(self, group: str, size: int, token: str) -> IdsInGroup:
        page = await self.find(Query({"group": group}, page_size=size, page_token=token))
        return [station.id for station in page.items], page.next_page_token

    async def find_in_groups(
        self, groups: frozenset[str], equals: Mapping[str, Scalar], size: int, token: str
    ) -> Page[Station]:
        """In the order of the groups, then of ids. A page ends where a group ends."""

        async def find(group: str, rest: str) -> tuple[Sequence[Station], str]:
            query = Query({**equals, "group": group}, page_size=size, page_token=rest)
            page = await self.find(query)
            return page.items, page.next_page_token

        return Page(*await in_order_of_groups(groups, token, find))

    async def search(
        self, text: str, is_wanted: Callable[[Station], bool], size: int, token: str
    ) -> Page[Station]:
        """Of the stations that a search for this text finds, those that are wanted, in the order of ids. A
        page is short where few of those that are found are wanted.
        """
        wanted: list[Station] = []
        contains = "searchKeys", search_key(text)
        for _ in range(MAX_READS):
            query = Query(contains=contains, page_size=size - len(wanted), page_token=token)
            page = await self.find(query)
            wanted += filter(is_wanted, page.items)
            token = page.next_page_token
            if not token or len(wanted) == size:
                break
        return Page(wanted, token)

    async def find(self, query: Query) -> Page[Station]:
        page = await self.stations.find(query)
        return Page([one for one in page.items if one.deleted_at is None], page.next_page_token)

    def every(self, query: Query) -> AsyncIterator[Station]:
        return (station async for station in every(self.stations, query) if station.deleted_at is None)

    async def create(self, body: NewStation) -> Station:
        """Completes an incomplete deletion of that id first. Raises ``StationExists``."""
        known = await self.stations.get(body.id)
        if known is not None and known.deleted_at is not None:
            await self._complete_deletion(known)

        def created(station: Station | None) -> Station:
            if station is not None:
                raise StationExists
            return body.created()

        return await self.stations.update(body.id, created)

    async def change(self, id: str, body: StationBody, change: Callable[[Station], Station]) -> Station:
        """A change of its registration status counts for its open connection; that of a station which is
        rejected ends. Raises ``UnknownStation``, and ``Invalid`` if the body has another id than the path.
        """
        if body.id is not None and body.id != id:
            raise Invalid("body.id: differs from the id in the path")

        def changed(station: Station | None) -> Station:
            if station is None or station.deleted_at is not None:
                raise UnknownStation
            return change(station).decided(station, now)

        now = self.clock()
        before, station = await update_from(self.stations, id, changed)
        has_decided = before is not None and station.decided_at != before.decided_at
        has_repeated = station.boot_due and body.registration_status is not None
        if has_decided or has_repeated:  # what was decided before may not have been published
            await self._publish_decision(station)
        return station

    async def _publish_decision(self, station: Station) -> None:
        if station.registration_status == "Rejected":
            await self.revoke_access(station.id, REJECTED)
        decision = RegistrationStatusChanged(
            status=station.status_on_connection, number=station.decision_number
        )
        await self.publish(station.id, decision)

    async def booted(self, id: str, boot: Boot, at: datetime) -> Station | None:
        """The station after a BootNotification; None if there is no such station."""
        station = await update_existing(
            self.stations, id, lambda now: now if now.deleted_at is not None else now.booted(boot, at)
        )
        return None if station is None or station.deleted_at is not None else station

    async def delete(self, id: str) -> Station:
        """Delete the station and all that belongs to it. It is marked first and its document is deleted last,
        so that a deletion can be resumed when a process fails. Raises ``UnknownStation``.
        """
        await self.existing(id)
        now = self.clock()
        deleted = await update_existing(
            self.stations, id, lambda station: station.changed(deleted_at=station.deleted_at or now)
        )
        if deleted is None:
            raise UnknownStation
        await self._complete_deletion(deleted)
        return deleted.changed(deleted_at=None)

    async def resume_deletions(self) -> None:
        async for station in every(self.stations, Query(order_by="deletedAt")):
            await self._complete_deletion(station)

    async def keep_resuming_deletions(self) -> None:
        """At once, then every ``RESUME_INTERVAL``, until cancelled."""
        while True:
            try:
                await self.resume_deletions()
            except Exception:
                log.exception("incomplete deletions were not resumed; next attempt in %d s", RESUME_INTERVAL)
            await asyncio.sleep(RESUME_INTERVAL)

    async def revoke_access(self, id: str, reason: str) -> None:
        """End every connection of the station that has been admitted. Call it after the reason is stored, so
        that later connections are judged by the new state.
        """
        number = (await self.connectivity.connection(id)).admission_number
        revoked = StationAccessRevoked(reason=reason, connection_number=number)
        await self.publish(id, revoked)

    async def _complete_deletion(self, station: Station) -> None:
        """May be called several times, and by several processes at once."""
        await self.revoke_access(station.id, DELETED)
        await self.publish(station.id, StationDeleted())
        for cleanup in self.cleanups:
            await cleanup(station.id)
        known = await self.stations.get(station.id)
        if (
            known is not None and known.deleted_at == station.deleted_at
        ):  # otherwise it has been created again
            await self.stations.delete(station.id)

    async def publish(self, station_id: str, event: EventData) -> None:
        """What has happened to a station. Call it after that is stored."""
        topic = type(event).__name__
        message = Message(
            data=encode(event),
            message_id=uuid.uuid4().hex,
            station_id=station_id,
            action=topic,
            kind=Kind.EVENT,
            sent_at=rfc3339(self.clock()),
            origin=Direction.FROM_STATION,
        )
        await self.bus.publish(topic, message)
