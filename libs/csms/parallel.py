"""Work on many things side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")


async def each(
    items: Iterable[Item] | AsyncIterable[Item],
    work: Callable[[Item], Awaitable[object]],
    concurrency: int = 50,
) -> None:
    """Do the work for every item, for at most ``concurrency`` at a time. Items are read no faster than that.

    The first failure cancels the rest, and is raised in an exception group.
    """
    slots = asyncio.Semaphore(concurrency)

    async def one(item: Item) -> None:
        try:
            await work(item)
        finally:
            slots.release()

    async with asyncio.TaskGroup() as tasks:
        async for item in _read(items):
            await slots.acquire()
            tasks.create_task(one(item))


async def _read(items: Iterable[Item] | AsyncIterable[Item]) -> AsyncIterator[Item]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
