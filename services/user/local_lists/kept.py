"""Where lists are kept, and how all that a query finds is read and changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

from libs.csms.store import Collection, Doc, Query, Store

from .entry import Entry, Message, TokenChange
from .model import LocalList

ENTRY_INDEXES = [("stationId", "wanted", "told"), ("token",)]
PARALLEL = 50

Thing = TypeVar("Thing")


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
            lists=store.collection("localLists", LocalList, [("dueAt",)]),
            entries=store.collection("localListEntries", Entry, ENTRY_INDEXES),
            messages=store.collection("localListMessages", Message),
            token_changes=store.collection("localListTokenChanges", TokenChange, [("at",)]),
        )

    async def change(self, station_id: str, change: Callable[[LocalList], LocalList]) -> LocalList | None:
        """None if the station has no list."""
        if await self.lists.get(station_id) is None:
            return None
        try:
            return await self.lists.update(station_id, lambda known: change(_still(known)))
        except NoList:
            return None

    async def drop(self, entry: Entry) -> None:
        """Unless something is wished of it at this very moment."""
        deleted = await self.entries.delete(entry.key)
        if deleted is not None and deleted.stamp != entry.stamp:
            await self.entries.update(entry.key, lambda now: now or deleted)

    async def wanted(self, station_id: str) -> int:
        return await self.entries.count({"stationId": station_id, "wanted": True})


class NoList(Exception):
    """The list has been forgotten meanwhile."""


def _still(known: LocalList | None) -> LocalList:
    if known is None:
        raise NoList
    return known


async def every(collection: Collection[Doc], query: Query) -> AsyncIterator[Doc]:
    query = replace(query, page_size=1000)
    while True:
        page = await collection.find(query)
        for document in page.items:
            yield document
        if not page.next_page_token:
            return
        query = replace(query, page_token=page.next_page_token)


async def each(things: Iterable[Thing], work: Callable[[Thing], Awaitable[object]]) -> None:
    """Many at a time."""
    room = asyncio.Semaphore(PARALLEL)

    async def one(thing: Thing) -> None:
        async with room:
            await work(thing)

    async with asyncio.TaskGroup() as tasks:
        for thing in things:
            tasks.create_task(one(thing))
