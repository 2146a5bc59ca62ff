"""Stations that had to leave a moment ago, for connections that were admitted before and begin after."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

PATIENCE = timedelta(minutes=1)
"""An admission that takes longer has failed."""


class Dismissals:
    def __init__(self) -> None:
        self._latest: OrderedDict[str, tuple[datetime, str]] = OrderedDict()

    def add(self, station_id: str, at: datetime, reason: str) -> None:
        """Forgets those of a while before."""
        known = self._latest.pop(station_id, (at, reason))
        self._latest[station_id] = max(known, (at, reason))
        while next(iter(self._latest.values()))[0] < at - PATIENCE:
            self._latest.popitem(last=False)

    def reason(self, station_id: str, asked_at: datetime) -> str | None:
        """Why a station that asked for admission then must leave, if it must. In the same millisecond it
        must: it may have been before.
        """
        at, reason = self._latest.get(station_id, (None, ""))
        asked_at = asked_at.replace(microsecond=asked_at.microsecond // 1000 * 1000)
        return None if at is None or at < asked_at else reason

    def __len__(self) -> int:
        return len(self._latest)
