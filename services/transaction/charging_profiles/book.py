"""The book of the charging profiles that stations have. Every entry may be made again, and in any order.

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
from .dynamic_schedule import DynamicSchedule, is_dynamic, schedule_key
from .profile import ChargingProfile
from .proposals import Proposals
from .removal import Removal, ReportRequest

PROFILE_INDEXES = [
    Index(("stationId",)),
    *filters("awaits", "evseId", "id", "present", "purpose", "requestId", "transactionId"),
]


@dataclass(frozen=True)
class ProfileBook:
    """Proposals are kept by station id."""

    profiles: Collection[ChargingProfile]
    removals: Collection[Removal]
    report_requests: Collection[ReportRequest]
    proposals: Collection[Proposals]
    composite_schedules: Collection[CompositeSchedule]
    dynamic_schedules: Collection[DynamicSchedule]

    @classmethod
    def of(cls, store: Store) -> Self:
        return cls(
            profiles=store.collection("chargingProfiles", ChargingProfile, PROFILE_INDEXES),
            removals=store.collection("chargingProfileRemovals", Removal, [Index(("stationId",), "at")]),
            report_requests=store.collection("chargingProfileReportRequests", ReportRequest),
            proposals=store.collection("profileProposals", Proposals),
            composite_schedules=store.collection(
                "compositeSchedules", CompositeSchedule, [Index(("stationId",)), *filters("evseId")]
            ),
            dynamic_schedules=store.collection("dynamicSchedules", DynamicSchedule),
        )

    async def add(self, profile: ChargingProfile) -> ChargingProfile:
        """What is known of the profile once this is known too."""
        known = await self.profiles.update(profile.key, profile.joined)
        later = Query({"stationId": profile.station_id}, order_by="at", from_=rfc3339(known.known_at))
        async for removal in every(self.removals, later):
            if known.present and removal.takes(known):
                known = await self.drop(known, removal.at)
        return known

    async def remove(self, id: str, removal: Removal) -> None:
        """``id`` is the same for the same removal."""
        await self.removals.put(id, removal)
        async for profile in self.present(removal.station_id):
            if removal.takes(profile):
                await self.drop(profile, removal.at)

    async def drop(self, profile: ChargingProfile, at: datetime) -> ChargingProfile:
        return await self.profiles.update(profile.key, partial(_dropped, profile, at))

    async def forget(self, station_id: str, at: datetime) -> None:
        """The station was deleted at that time. What is newer is of another one of its id."""
        removal = Removal(station_id=station_id, at=at)
        await self.remove(composite_id(station_id, "deleted", rfc3339(at)), removal)
        schedules = every(self.composite_schedules, Query({"stationId": station_id}))
        for key in [one.key async for one in schedules if one.received_at < at]:
            await self.composite_schedules.delete(key)
        if await self.proposals.get(station_id) is not None:
            await self.proposals.update(station_id, lambda now: (now or Proposals()).since(at))

    async def decided(self, station_id: str, command_id: str) -> None:
        """What a command proposed is in the book now, or will never be."""
        if await self.proposals.get(station_id) is not None:
            await self.proposals.update(station_id, lambda now: (now or Proposals()).ended(command_id))

    async def newest(self, profile: ChargingProfile) -> Json:
        """As on the wire, with the newest limits and setpoints of one that is dynamic."""
        told: Json = msgspec.json.decode(profile.charging_profile)
        if not is_dynamic(told):
            return told
        updates = await self.dynamic_schedules.get(schedule_key(profile.station_id, profile.id))
        return told if updates is None else updates.over(told, profile.accepted_at or profile.known_at)

    def present(self, station_id: str, **equals: Scalar) -> AsyncIterator[ChargingProfile]:
        """Fields are named as stored."""
        return every(self.profiles, Query({"stationId": station_id, "present": True, **equals}))


def _dropped(found: ChargingProfile, at: datetime, now: ChargingProfile | None) -> ChargingProfile:
    return (now or found).dropped(at)
