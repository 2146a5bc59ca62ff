"""How much a service stores of what a station sends in a day. What is beyond is counted, and not stored."""

from __future__ import annotations

import datetime
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import NamedTuple

from pydantic import Field

from ..clock import Time
from ..settings import Settings
from ..storage.store import Collection, Document

log = logging.getLogger(__name__)

MAX_STATIONS = 20_000
"""That are remembered. Of more, the one that was heard longest ago is forgotten, and what is not saved of it.
"""

SAVED_MESSAGES = 500
SAVED_BYTES = 1_000_000
"""So much of a station is counted in memory before the store learns of it; after a restart it may be stored
once more."""

SAVE_INTERVAL = timedelta(minutes=1)
"""Between two writes of a station whose messages are not stored."""


class DailyLimits(NamedTuple):
    """Of one station and day in UTC, in one service."""

    messages: int = 10_000
    bytes: int = 20_000_000
    """Of payloads."""

    @classmethod
    def of(cls, settings: Settings) -> DailyLimits:
        return cls(settings.stored_messages_per_day, settings.stored_bytes_per_day)


DEFAULT_LIMITS = DailyLimits()


class MessageUsage(Document):
    """What was stored of a station, and what was not, on one day."""

    station_id: str = Field(description="Id of the charging station.")
    day: datetime.date = Field(description="The day in UTC.")
    stored: int = Field(default=0, description="Messages that were stored.")
    bytes: int = Field(default=0, description="Bytes of their payloads.")
    not_stored: int = Field(
        default=0,
        description="Messages that were answered and not stored, each as often as it was delivered.",
    )

    def plus(self, other: MessageUsage) -> MessageUsage:
        """Of two days, the newer one."""
        if self.day != other.day:
            return max(self, other, key=lambda usage: usage.day)
        return self.changed(
            stored=self.stored + other.stored,
            bytes=self.bytes + other.bytes,
            not_stored=self.not_stored + other.not_stored,
        )


@dataclass(slots=True)
class _Count:
    stored: int = 0
    bytes: int = 0
    not_stored: int = 0


@dataclass(slots=True)
class _Station:
    day: datetime.date
    saved: _Count = field(default_factory=_Count)
    """By all replicas, when this one last saved."""
    unsaved: _Count = field(default_factory=_Count)
    saved_at: Time | None = None


class MessageQuota:
    """Counted in memory, so that a message costs no read. Now and then it is added up in the store, which
    has the counts of all replicas.
    """

    def __init__(
        self, usages: Collection[MessageUsage], limits: DailyLimits, disk_has_room: Callable[[], bool]
    ) -> None:
        self._usages = usages
        self._limits = limits
        self.disk_has_room = disk_has_room
        """Whether the store has room for what can be spared."""
        self._stations: OrderedDict[str, _Station] = OrderedDict()

    def has_room(self, station_id: str, received_at: Time, size: int) -> bool:
        """Whether a message of that size can be stored."""
        known = self._station(station_id, received_at)
        saved, unsaved = known.saved, known.unsaved
        return (
            saved.stored + unsaved.stored < self._limits.messages
            and saved.bytes + unsaved.bytes + size <= self._limits.bytes
            and self.disk_has_room()
        )

    async def count(
        self, station_id: str, received_at: Time, size: int, store: Callable[[], Awaitable[bool]]
    ) -> None:
        """Count a message that ``store`` stores, unless that returns that it was stored before.

        It counts from now on, so that many at once have no more room than one after the other.
        """
        known, is_new = self._station(station_id, received_at), False
        known.unsaved.stored += 1
        known.unsaved.bytes += size
        try:
            is_new = await store()
        finally:
            if not is_new:
                known.unsaved.stored -= 1
                known.unsaved.bytes -= size
        if known.unsaved.stored >= SAVED_MESSAGES or known.unsaved.bytes >= SAVED_BYTES:
            await self._save(station_id, known, received_at)

    async def not_stored(self, station_id: str, received_at: Time) -> None:
        """Count a message that is not stored. Where the disk is the reason, this is not written either."""
        known = self._station(station_id, received_at)
        if known.saved.not_stored + known.unsaved.not_stored == 0:
            log.warning("station %s: its messages are not stored for now: too many, or no room", station_id)
        known.unsaved.not_stored += 1
        is_due = known.saved_at is None or received_at >= known.saved_at + SAVE_INTERVAL
        if is_due and self.disk_has_room():
            await self._save(station_id, known, received_at)

    async def usage(self, station_id: str, now: Time) -> MessageUsage:
        """Of today, as far as this process and the store know."""
        usage = MessageUsage(station_id=station_id, day=now.astimezone(UTC).date())
        if (saved := await self._usages.get(station_id)) is not None:
            usage = usage.plus(saved)
        if (known := self._stations.get(station_id)) is not None:
            usage = usage.plus(_usage(station_id, known))
        return usage

    async def forget(self, station_id: str) -> None:
        self._stations.pop(station_id, None)
        await self._usages.delete(station_id)

    def _station(self, station_id: str, received_at: Time) -> _Station:
        """A message that comes late counts for the newest day."""
        known = self._stations.get(station_id)
        day = received_at.astimezone(UTC).date()
        if known is None or known.day < day:
            known = self._stations[station_id] = _Station(day)
            if len(self._stations) > MAX_STATIONS:
                self._stations.popitem(last=False)
        self._stations.move_to_end(station_id)
        return known

    async def _save(self, station_id: str, known: _Station, at: Time) -> None:
        usage, known.unsaved, known.saved_at = _usage(station_id, known), _Count(), at
        _add(known.saved, usage)  # what comes meanwhile counts on top
        usage = await self._usages.update(station_id, lambda saved: saved.plus(usage) if saved else usage)
        if usage.day == known.day:
            known.saved = _Count(usage.stored, usage.bytes, usage.not_stored)


def _usage(station_id: str, known: _Station) -> MessageUsage:
    unsaved = known.unsaved
    return MessageUsage(
        station_id=station_id,
        day=known.day,
        stored=unsaved.stored,
        bytes=unsaved.bytes,
        not_stored=unsaved.not_stored,
    )


def _add(count: _Count, usage: MessageUsage) -> None:
    count.stored += usage.stored
    count.bytes += usage.bytes
    count.not_stored += usage.not_stored
