"""News inside one process: a command has ended, or one is due. Only a short cut: the store tells it too."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class News:
    """Events by key, for as long as somebody listens."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = defaultdict(set)

    def tell(self, key: str) -> None:
        for listener in self._listeners.get(key, ()):
            listener.set()

    @contextmanager
    def listening(self, key: str) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        self._listeners[key].add(event)
        try:
            yield event
        finally:
            self._listeners[key].discard(event)
            if not self._listeners[key]:
                del self._listeners[key]


async def heard(event: asyncio.Event, timeout: float) -> None:
    """Wait for the event, but no longer than ``timeout`` seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            await event.wait()
