"""Where lists are kept, and how they are read and changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Self

from libs.csms.storage.queries import every, update_existing
from libs.csms.storage.store import Collection, Index, Query, Scalar, Store, filters

from .entry import Entry, TokenChange
from .message import Message
from .model import LocalList

ENTRY_INDEXES = [
    Index(("stationId", "wanted"), "told"),
    Index(("token",)),
    *filters("stationId", "wanted"),
]


@dataclass(frozen=True)
class LocalLists:
    """Lists by station id. ``news`` is set when one may be due, in this process."""

    lists: Collection[LocalList]
    entries: Collection[Entry]
    messages: Collection[Message]
    token_changes: Collection[TokenChange]
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def of(cls, store: Store) -> Self:
        return cls(
            lists=store.collection("localLists", LocalList, [Index((), "dueAt")]),
            entries=store.collection("localListEntries", Entry, ENTRY_INDEXES),
            messages=store.collection("localListMessages", Message),
            token_changes=store.collection("localListTokenChanges", TokenChange, [Index((), "at")]),
        )

    async def change(self, station_id: str, change: Callable[[LocalList], LocalList]) -> LocalList | None:
        """None if the station has no list. Most have none, which costs one read."""
        if await self.lists.get(station_id) is None:
            return None
        return await update_existing(self.lists, station_id, change)

    async def drop(self, entry: Entry) -> None:
        """Unless something is wished of it at this very moment."""
        deleted = await self.entries.delete(entry.key)
        if deleted is not None and deleted.stamp != entry.stamp:
            await self.entries.update(entry.key, lambda now: now or deleted)

    def of_station(self, station_id: str, **equals: Scalar) -> AsyncIterator[Entry]:
        """Fields are named as stored."""
        return every(self.entries, Query({"stationId": station_id, **equals}, page_size=1000))

    async def wanted(self, station_id: str) -> int:
        return await self.entries.count({"stationId": station_id, "wanted": True})
