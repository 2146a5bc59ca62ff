"""What takes charging profiles away from a station: another profile, a clearing, a report, or the end of a
limit from outside. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pydantic import Field

from libs.csms.clock import Time
from libs.csms.station_messages.log import report_key
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document
from libs.ocpp_messages import ocpp2
from libs.ocpp_messages.version import Version

from .model import EXTERNAL_CONSTRAINTS, ChargingProfile


class Removal(Document):
    """The profiles that satisfy all of it were gone at a time. What is known of them since then counts."""

    document_id: str = Field(
        description="The same for the same removal: it holds the id of the command, or which limit has ended."
    )
    station_id: str = Field(description="The station.")
    at: Time = Field(description="When they were gone.")
    id: int | None = Field(default=None, description="The profile of this id.")
    evse_id: int | None = Field(default=None, description="Those of this EVSE, or connector of 1.6.")
    purpose: str | None = Field(default=None, description="Those of this chargingProfilePurpose.")
    stack_level: int | None = Field(default=None, description="Those of this stackLevel.")
    sources: list[str] | None = Field(default=None, description="Those of these chargingLimitSources.")
    request_id: int | None = Field(
        default=None, description="GetChargingProfiles.requestId of the report that it follows from."
    )
    except_purposes: list[str] = Field(default=[], description="But for these chargingProfilePurposes.")
    except_ids: list[int] = Field(default=[], description="But for the profiles of these ids.")

    def matches(self, profile: ChargingProfile) -> bool:
        wanted: dict[str, Any] = {
            "id": self.id,
            "evse_id": self.evse_id,
            "purpose": self.purpose,
            "stack_level": self.stack_level,
        }
        return (
            profile.known_at != self.at
            and all(value is None or getattr(profile, name) == value for name, value in wanted.items())
            and (self.sources is None or profile.source in self.sources)
            and profile.purpose not in self.except_purposes
            and profile.id not in self.except_ids
        )

    def merge(self, known: Removal | None) -> Removal:
        """The later of two with the same id takes away what the earlier one does, too."""
        return known if known is not None and (self.at < known.at or known == self) else self


def report_id(station_id: str, request_id: int) -> str:
    """As the message log keeps the report of all profiles, and the registry what it takes away."""
    return report_key(station_id, "ReportChargingProfiles", request_id)


def replaced_by(profile: ChargingProfile, command_id: str, version: Version) -> Iterator[Removal]:
    """What was there before in its place: of the same id (K01.FR.05), in 1.6 also of the same stackLevel and
    purpose on the same connector (1.6 §5.16.4)."""
    yield Removal(
        document_id=f"{command_id}.0",
        station_id=profile.station_id,
        at=profile.known_at,
        id=profile.id,
        except_purposes=[EXTERNAL_CONSTRAINTS],
    )
    if version is Version.V16:
        yield Removal(
            document_id=f"{command_id}.1",
            station_id=profile.station_id,
            at=profile.known_at,
            evse_id=profile.evse_id,
            purpose=profile.purpose,
            stack_level=profile.stack_level,
        )


def released_by(
    station_id: str, cleared: ocpp2.ClearedChargingLimitRequest, at: datetime
) -> Iterator[Removal]:
    """The profiles of a limit from outside that has ended: on one EVSE, or on all for the whole station."""
    for purpose in (EXTERNAL_CONSTRAINTS, "LocalGeneration"):
        source, evse_id = cleared.charging_limit_source, cleared.evse_id or None
        yield Removal(
            document_id=composite_id(station_id, "ClearedChargingLimit", source, evse_id or 0, purpose),
            station_id=station_id,
            at=at,
            evse_id=evse_id,
            purpose=purpose,
            sources=[source],
        )
