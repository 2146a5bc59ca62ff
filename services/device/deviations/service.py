"""The deviations of stations: what gateways report is counted, for each station and firmware."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from libs.csms.messaging.router import Router
from libs.csms.storage.queries import every, update_existing
from libs.csms.storage.store import Collection, Index, Query, Store
from libs.ocpp_messages.event import Deviation

from ..registry.service import Registry
from .model import StationDeviation

router: Router[Deviations] = Router("device")

MAX_DEVIATIONS = 300
"""Deviations of one station that are told apart; the rest is counted together. A station names the places."""

INDEXES = [
    Index(("stationId",)),
    Index(("stationId",), "lastSeen", descending=True),
    *(Index((field,), "lastSeen", True, embedded=False) for field in ("rule", "action", "repaired")),
    Index(("vendor", "model")),
    *(Index((field,), embedded=False) for field in ("vendor", "model", "firmwareVersion")),
]


@dataclass(frozen=True)
class Deviations:
    documents: Collection[StationDeviation]
    """By ``StationDeviation.key``."""
    registry: Registry

    @classmethod
    def of(cls, store: Store, registry: Registry) -> Self:
        return cls(store.collection("deviations", StationDeviation, INDEXES), registry)

    async def record(self, station_id: str, event_id: str, reported: Sequence[Deviation]) -> None:
        """Count what one event reports. Nothing is stored of a station that has been deleted."""
        station = await self.registry.get(station_id)
        if station is None:
            return
        found = _joined([StationDeviation.of(station, one, event_id) for one in reported])
        known = await asyncio.gather(*map(self._counted, found))
        if new := [one for one, is_known in zip(found, known, strict=True) if not is_known]:
            await self._add(station_id, new)

    async def forget(self, station_id: str) -> None:
        """Delete what is counted of the station."""
        async for one in every(self.documents, Query({"stationId": station_id}, page_size=MAX_DEVIATIONS)):
            await self.documents.delete(one.key)

    async def _counted(self, one: StationDeviation) -> bool:
        """Whether the station is known for it, so that it is only counted."""
        return await update_existing(self.documents, one.key, lambda known: known.merge(one)) is not None

    async def _add(self, station_id: str, new: list[StationDeviation]) -> None:
        room = max(0, MAX_DEVIATIONS - await self.documents.count({"stationId": station_id}))
        for one in new[:room]:
            await self._merge(one)
        for further in _joined([one.among_further() for one in new[room:]]):
            await self._merge(further)

    async def _merge(self, one: StationDeviation) -> None:
        await self.documents.update(one.key, lambda known: one if known is None else known.merge(one))


def _joined(found: list[StationDeviation]) -> list[StationDeviation]:
    """Each once."""
    joined: dict[str, StationDeviation] = {}
    for one in found:
        joined[one.key] = joined[one.key].plus(one) if one.key in joined else one
    return list(joined.values())
