"""The messages of a subscription that wait in one process: in order for a station, side by side for many."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from libs.ocpp_messages.message import Message


@dataclass(slots=True, eq=False)
class Delivery:
    """``key`` is what the bus knows the message by, where it needs to."""

    message: Message
    key: str = ""
    failures: int = 0


class StationQueues:
    """The messages of one subscription that wait here, by station.

    As long as a station has an entry in ``_waiting``, it stands in ``_ready`` or is in the hands of a worker,
    and never twice: so its messages are taken one after another.
    """

    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self._waiting: dict[str, deque[Delivery]] = {}
        self._ready: asyncio.Queue[str] = asyncio.Queue()

    def append(self, delivery: Delivery) -> None:
        station_id = delivery.message.station_id
        waiting = self._waiting.get(station_id)
        if waiting is not None:
            waiting.append(delivery)
            return
        self._waiting[station_id] = deque((delivery,))
        self._ready.put_nowait(station_id)

    def appendleft(self, delivery: Delivery) -> None:
        """Before the younger messages of its station."""
        waiting = self._waiting.get(delivery.message.station_id)
        if waiting is None:
            self.append(delivery)
        else:
            waiting.appendleft(delivery)

    async def take(self) -> Delivery:
        """The next message of a station that nobody works for. ``release`` the station afterwards."""
        return self._waiting[await self._ready.get()].popleft()

    def release(self, station_id: str) -> None:
        if self._waiting[station_id]:
            self._ready.put_nowait(station_id)
        else:
            del self._waiting[station_id]
