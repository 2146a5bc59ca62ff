"""A bounded queue from one task to another. Smaller than ``asyncio.Queue``: a gateway has two per station."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """First in, first out. Closing it loses nothing: what is in it can still be taken."""

    __slots__ = ("_closed", "_items", "_putter", "_size", "_taker")

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: list[T] = []
        self._taker: asyncio.Future[None] | None = None
        self._putter: asyncio.Future[None] | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._items)

    def offer(self, item: T) -> bool:
        """Put without waiting. False, and nothing is put, where there is no room or the mailbox is closed."""
        if self._closed or len(self._items) >= self._size:
            return False
        self._items.append(item)
        _wake(self._taker)
        return True

    async def put(self, item: T) -> None:
        """Wait for room. What is put after closing is dropped."""
        while not self.offer(item) and not self._closed:
            self._putter = asyncio.get_running_loop().create_future()
            await self._putter

    async def take(self) -> T | None:
        """Wait for an item. None once the mailbox is closed and empty."""
        while not self._items:
            if self._closed:
                return None
            self._taker = asyncio.get_running_loop().create_future()
            await self._taker
        _wake(self._putter)
        return self._items.pop(0)

    def close(self) -> None:
        self._closed = True
        _wake(self._taker)
        _wake(self._putter)


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
