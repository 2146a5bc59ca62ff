"""Wakes a loop of this process when it has something to do, so that it need not look again and again."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from .clock import Clock


class Alarm:
    """Set to any number of times by many, waited for by one. It knows only of the work of this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._times: set[datetime] = set()
        self._is_set = asyncio.Event()

    def set(self, at: datetime) -> None:
        """Wake the loop then, rounded up to a second where that is to come: many wake it once."""
        if at > self._clock():
            at = at.replace(microsecond=0) + timedelta(seconds=1 if at.microsecond else 0)
        if at not in self._times:
            self._times.add(at)
            self._is_set.set()

    async def wait(self, longest: float) -> None:
        """Returns when the earliest of the times has come, or after so many seconds. Times that have come by
        then are done.
        """
        clock = asyncio.get_running_loop().time
        until = clock() + longest
        while (seconds := min(self._seconds_to_go(), until - clock())) > 0:
            self._is_set.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._is_set.wait()
        now = self._clock()
        self._times = {at for at in self._times if at > now}

    def _seconds_to_go(self) -> float:
        return (min(self._times) - self._clock()).total_seconds() if self._times else float("inf")


class LocalSignals:
    """Signals between tasks of this process, by key, for as long as somebody subscribes to one."""

    def __init__(self) -> None:
        self._subscribers: dict[str, set[asyncio.Event]] = defaultdict(set)

    def notify(self, key: str) -> None:
        for event in self._subscribers.get(key, ()):
            event.set()

    @contextmanager
    def subscribe(self, key: str) -> Iterator[asyncio.Event]:
        """The event is set by every ``notify`` from now on; clear it to wait for the next."""
        event = asyncio.Event()
        self._subscribers[key].add(event)
        try:
            yield event
        finally:
            self._subscribers[key].discard(event)
            if not self._subscribers[key]:
                del self._subscribers[key]
