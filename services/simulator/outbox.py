"""The transaction messages of a station, in order, until the CSMS has answered each of them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .connection import Refused
from .dialect import Request
from .link import Link
from .tally import Tally


@dataclass(frozen=True)
class Entry:
    """``request`` is made anew for every attempt: by then the CSMS may have given the transaction its id."""

    request: Callable[[], Request]
    answered: Callable[[Any], None]


class Outbox:
    def __init__(self, link: Link, tally: Tally) -> None:
        self._link = link
        self._tally = tally
        self._entries: deque[Entry] = deque()
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, request: Callable[[], Request], answered: Callable[[Any], None]) -> None:
        self._entries.append(Entry(request, answered))
        self._emptied.clear()
        self._filled.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            await self._filled.wait()
            entry = self._entries[0]
            try:
                entry.answered(await self._link.request(entry.request))
            except Refused:
                self._tally.lost_messages += 1
            self._entries.popleft()
            if not self._entries:
                self._filled.clear()
                self._emptied.set()

    async def delivered(self) -> None:
        """Returns when nothing is left."""
        await self._emptied.wait()
