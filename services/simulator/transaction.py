"""A charging transaction as its station sees it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Reading:
    """The meter at one moment. ``seq_no`` counts in the transaction; ``offline``: taken unconnected."""

    at: datetime
    register_wh: int
    power_w: int
    seq_no: int
    offline: bool


@dataclass
class Transaction:
    """``id`` is empty until the CSMS has given one, as it does in 1.6."""

    connector: int
    id_tag: str
    id: str
    meter_start_wh: int
    remote_start_id: int | None = None
    stop_reason: str = "Local"
    next_seq_no: int = 0
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self, reason: str) -> None:
        """Ask the connector to end it. The first reason holds."""
        if not self._stop.is_set():
            self.stop_reason = reason
            self._stop.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    async def stopped_within(self, seconds: float) -> None:
        """Returns after ``seconds``, or as soon as somebody stops the transaction."""
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return

    def read(self, at: datetime, register_wh: int, power_w: int, online: asyncio.Event) -> Reading:
        seq_no, self.next_seq_no = self.next_seq_no, self.next_seq_no + 1
        return Reading(at, register_wh, power_w, seq_no, not online.is_set())
