"""A bounded queue between two tasks. Smaller than ``asyncio.Queue``: a gateway has two for each station."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class BoundedQueue(Generic[T]):
    """For one task that puts and one that gets. What is in it when it is closed can still be taken."""

    __slots__ = ("_closed", "_getter", "_items", "_loop", "_max_size", "_putter")

    def __init__(self, max_size: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._max_size = max_size
        self._items: list[T] = []
        self._getter: asyncio.Future[None] | None = None
        self._putter: asyncio.Future[None] | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._items)

    def try_put(self, item: T, overtakes: Callable[[T], bool] | None = None) -> bool:
        """Put without waiting, before the first item that it overtakes. False, and nothing is put, where the
        queue is full or closed.
        """
        if self._closed or len(self._items) >= self._max_size:
            return False
        if overtakes is None:
            self._items.append(item)
        else:
            self._items.insert(self._index(overtakes), item)
        _wake(self._getter)
        return True

    def take(self, fits: Callable[[T], bool]) -> T | None:
        """Take the first item that fits out of its turn, without waiting. None if there is none."""
        at = self._index(fits)
        if at == len(self._items):
            return None
        _wake(self._putter)
        return self._items.pop(at)

    async def put(self, item: T) -> None:
        """Wait for room. What is put after closing is dropped."""
        while not self.try_put(item) and not self._closed:
            self._putter = self._loop.create_future()
            await self._putter

    async def get(self) -> T | None:
        """Wait for an item. None once the queue is closed and empty."""
        while not self._items:
            if self._closed:
                return None
            self._getter = self._loop.create_future()
            await self._getter
        _wake(self._putter)
        return self._items.pop(0)

    def close(self) -> None:
        self._closed = True
        _wake(self._getter)
        _wake(self._putter)

    def _index(self, fits: Callable[[T], bool]) -> int:
        return next((at for at, item in enumerate(self._items) if fits(item)), len(self._items))


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
