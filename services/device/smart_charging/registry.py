"""The registry of the charging profiles that stations have. Every entry may be made again, and in any order.

What adds a profile writes it, then looks for what took it away later; what takes profiles away writes that,
then looks for those it takes. So each finds the other, whichever comes first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Self

import msgspec

from libs.csms.clock import rfc3339
from libs.csms.storage.queries import composite_id, every
from libs.csms.storage.store import Collection, Index, Json, Query, Scalar, Store, filters

from .composite_schedule import CompositeSchedule
from .dynamic_schedule import DynamicSchedule, is_dynamic, schedule_id
from .model import ChargingProfile
from .pending import PendingProfiles
from .removal import Removal, report_id

PROFILE_INDEXES = [
    Index(("stationId",)),
    Index(("stationId", "present"), "removedAt"),
    *filters("awaitingTransaction", "evseId", "id", "present", "purpose", "requestId", "transactionId"),
]


@dataclass(frozen=True)
class ProfileRegistry:
    profiles: Collection[ChargingProfile]
    removals: Collection[Removal]
    unreported: Collection[Removal]
    """By the id of a report: what the report takes away once it is complete."""
    pending: Collection[PendingProfiles]
    """By station id."""
    composite_schedules: Collection[CompositeSchedule]
    dynamic_schedules: Collection[DynamicSchedule]

    @classmethod
    def of(cls, store: Store) -> Self:
        by_time = [Index(("stationId",), "at")]
        return cls(
            profiles=store.collection("chargingProfiles", ChargingProfile, PROFILE_INDEXES),
            removals=store.collection("chargingProfileRemovals", Removal, by_time),
            unreported=store.collection("unreportedChargingProfiles", Removal, by_time),
            pending=store.collection("pendingChargingProfiles", PendingProfiles),
            composite_schedules=store.collection(
                "compositeSchedules", CompositeSchedule, [Index(("stationId",)), *filters("evseId")]
            ),
            dynamic_schedules=store.collection("dynamicSchedules", DynamicSchedule),
        )

    async def add(self, profile: ChargingProfile) -> ChargingProfile:
        """What is known of the profile once this is known too."""
        known = await self.profiles.update(profile.document_id, profile.merge)
        later = Query({"stationId": profile.station_id}, order_by="at", from_=rfc3339(profile.known_at))
        async for removal in every(self.removals, later):
            if known.present and removal.matches(known):
                known = await self.remove_one(known, removal.at)
        return known

    async def remove(self, removal: Removal) -> None:
        await self.removals.update(removal.document_id, removal.merge)
        async for profile in self.present(removal.station_id):
            if removal.matches(profile):
                await self.remove_one(profile, removal.at)

    async def remove_one(self, profile: ChargingProfile, at: datetime) -> ChargingProfile:
        return await self.profiles.update(profile.document_id, partial(_removed, profile, at))

    async def remove_station(self, station_id: str, at: datetime) -> None:
        """The station was deleted at that time. What is newer is of another one of its id."""
        id = composite_id(station_id, "deleted", rfc3339(at))
        await self.remove(Removal(document_id=id, station_id=station_id, at=at))
        schedules = every(self.composite_schedules, Query({"stationId": station_id}))
        for id in [one.document_id async for one in schedules if one.received_at < at]:
            await self.composite_schedules.delete(id)
        if await self.pending.get(station_id) is not None:
            await self.pending.update(station_id, lambda now: (now or PendingProfiles()).since(at))

    async def command_ended(self, station_id: str, command_id: str) -> None:
        """What the command has done is in the registry now, so it is not pending any more."""
        if await self.pending.get(station_id) is not None:
            await self.pending.update(station_id, lambda now: (now or PendingProfiles()).without(command_id))

    async def newest(self, profile: ChargingProfile) -> Json:
        """As on the wire, with the newest limits and setpoints of one that is dynamic."""
        payload: Json = msgspec.json.decode(profile.charging_profile)
        if not is_dynamic(payload):
            return payload
        updates = await self.dynamic_schedules.get(schedule_id(profile.station_id, profile.id))
        accepted_at = profile.accepted_at or profile.known_at
        return payload if updates is None else updates.applied_to(payload, accepted_at)

    def present(self, station_id: str, **equals: Scalar) -> AsyncIterator[ChargingProfile]:
        """Fields are named as stored."""
        return every(self.profiles, Query({"stationId": station_id, "present": True, **equals}))

    async def delete_older(self, station_id: str, than: datetime) -> None:
        """Delete what a station lost before that time, and how it lost it: nothing asks for it any more."""
        older = Query({"stationId": station_id}, order_by="at", to=rfc3339(than))
        for id in [one.document_id async for one in every(self.removals, older)]:
            await self.removals.delete(id)
        for one in [one async for one in every(self.unreported, older)]:
            await self.unreported.delete(report_id(station_id, one.request_id or 0))
        lost = Query({"stationId": station_id, "present": False}, order_by="removedAt", to=rfc3339(than))
        for profile in [one async for one in every(self.profiles, lost)]:
            await self.profiles.delete(profile.document_id)
            if not [one async for one in self.present(station_id, id=profile.id)]:
                await self.dynamic_schedules.delete(schedule_id(station_id, profile.id))


def _removed(found: ChargingProfile, at: datetime, known: ChargingProfile | None) -> ChargingProfile:
    return (known or found).removed(at)
