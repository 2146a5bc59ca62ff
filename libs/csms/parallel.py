"""Work on many things side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

Thing = TypeVar("Thing")


async def each(
    things: Iterable[Thing] | AsyncIterable[Thing], work: Callable[[Thing], Awaitable[object]], most: int = 50
) -> None:
    """At most so many at a time; those that are read as they come are read no faster than they are done."""
    room = asyncio.Semaphore(most)

    async def one(thing: Thing) -> None:
        try:
            await work(thing)
        finally:
            room.release()

    async with asyncio.TaskGroup() as tasks:
        async for thing in _read(things):
            await room.acquire()
            tasks.create_task(one(thing))


async def _read(things: Iterable[Thing] | AsyncIterable[Thing]) -> AsyncIterator[Thing]:
    if isinstance(things, AsyncIterable):
        async for thing in things:
            yield thing
    else:
        for thing in things:
            yield thing
