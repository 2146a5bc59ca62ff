"""The groups of stations, remembered for a moment: a stream asks for one with every event."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from libs.csms.access.groups import IdsInGroup, StationGroups, UnknownStation

LIFETIME = 30.0
"""Seconds."""

MAX_STATIONS = 10_000


class CachedGroups:
    """``StationGroups`` that asks others, at most once in ``LIFETIME`` for the same station."""

    def __init__(self, stations: StationGroups, clock: Callable[[], float] = time.monotonic) -> None:
        self._stations = stations
        self._clock = clock
        self._known: OrderedDict[str, tuple[float, str | None, bool]] = OrderedDict()
        """Until when, the group, and whether there is such a station."""

    async def group_of(self, id: str) -> str | None:
        """Raises ``UnknownStation``, and what who is asked raises."""
        known = self._known.get(id)
        if known is None or known[0] <= self._clock():
            known = await self._asked(id)
        _, group, exists = known
        if not exists:
            raise UnknownStation
        return group

    async def ids_in_group(self, group: str, size: int, token: str) -> IdsInGroup:
        return await self._stations.ids_in_group(group, size, token)

    async def _asked(self, id: str) -> tuple[float, str | None, bool]:
        group, exists = None, True
        try:
            group = await self._stations.group_of(id)
        except UnknownStation:
            exists = False
        known = self._known[id] = self._clock() + LIFETIME, group, exists
        self._known.move_to_end(id)
        if len(self._known) > MAX_STATIONS:
            self._known.popitem(last=False)
        return known
