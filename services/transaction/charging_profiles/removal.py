"""What takes charging profiles away from a station: another in their place, a clearing, or a report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from libs.csms.clock import Time
from libs.csms.storage.store import Document
from libs.ocpp_messages.version import Version

from .profile import ChargingProfile
from .slot import EXTERNAL


class Removal(Document):
    """The profiles that satisfy all of it were gone ``at`` that time, if they were known before it."""

    station_id: str
    at: Time
    id: int | None = None
    evse_id: int | None = None
    purpose: str | None = None
    stack_level: int | None = None
    sources: list[str] | None = None
    but_not_purposes: list[str] = []
    but_not_ids: list[int] = []

    def takes(self, profile: ChargingProfile) -> bool:
        wanted = {
            "id": self.id,
            "evse_id": self.evse_id,
            "purpose": self.purpose,
            "stack_level": self.stack_level,
        }
        return (
            profile.known_at < self.at
            and all(value is None or getattr(profile, name) == value for name, value in wanted.items())
            and (self.sources is None or profile.source in self.sources)
            and profile.purpose not in self.but_not_purposes
            and profile.id not in self.but_not_ids
        )


class ReportRequest(Document):
    """A GetChargingProfiles that a station accepted ``at`` a time: it asked for all of one EVSE or all EVSEs,
    of these sources or of all. ``id`` is that of the command."""

    id: str
    station_id: str
    at: Time
    evse_id: int | None = None
    sources: list[str] | None = None

    @classmethod
    def of(cls, id: str, station_id: str, asked: dict[str, Any], at: datetime) -> ReportRequest | None:
        """None where it asked for some only, so that the others may be there or not."""
        criteria = asked.get("chargingProfile", {})
        if criteria.keys() - {"chargingLimitSource", "customData"}:
            return None
        sources = criteria.get("chargingLimitSource")
        return cls(id=id, station_id=station_id, at=at, evse_id=asked.get("evseId"), sources=sources)

    def without(self, reported: list[int]) -> Removal:
        """What the report did not hold is gone."""
        return Removal(
            station_id=self.station_id,
            at=self.at,
            evse_id=self.evse_id,
            sources=self.sources,
            but_not_ids=reported,
        )


def replaced_by(profile: ChargingProfile, version: Version) -> Iterator[Removal]:
    """What was there before in its place: of the same id (K01.FR.05), in 1.6 also of the same stackLevel and
    purpose on the same connector (1.6 §5.16.4)."""
    station_id, at = profile.station_id, profile.known_at
    yield Removal(station_id=station_id, at=at, id=profile.id, but_not_purposes=[EXTERNAL])
    if version is Version.V16:
        yield Removal(
            station_id=station_id,
            at=at,
            evse_id=profile.evse_id,
            purpose=profile.purpose,
            stack_level=profile.stack_level,
        )


def cleared(
    version: Version, station_id: str, asked: dict[str, Any], status: str, at: datetime
) -> Removal | None:
    """What an answered ClearChargingProfile took away (K10, 1.6 §5.4). None if it was not understood.

    A station that knows of no such profile (Unknown) has none of them either. Given an id, it may look at
    that alone, so only an Accepted says that the profile of that id is gone whatever else was asked.
    """
    if status not in ("Accepted", "Unknown"):
        return None
    is_16 = version is Version.V16
    id = asked.get("id" if is_16 else "chargingProfileId")
    criteria = asked if is_16 else asked.get("chargingProfileCriteria", {})
    if id is not None and status == "Accepted":
        criteria = {}
    untouched = [EXTERNAL, "LocalGeneration"] if version is Version.V21 else [EXTERNAL]
    return Removal(
        station_id=station_id,
        at=at,
        id=id,
        evse_id=criteria.get("connectorId" if is_16 else "evseId"),
        purpose=criteria.get("chargingProfilePurpose"),
        stack_level=criteria.get("stackLevel"),
        but_not_purposes=untouched,
    )
