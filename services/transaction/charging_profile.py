"""A charging profile that a station has, as the station reported it."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from urllib.parse import quote

import msgspec

from libs.csms.clock import Time
from libs.csms.store import Document, Json
from libs.ocpp_messages import ocpp2
from libs.ocpp_messages.action import encode


class ReportedProfile(Document):
    """``source`` is who made it. ``id`` is unique in the station; EVSE 0 is the whole of it.

    ``reported_at`` is when the gateway received the report, of which ``request_id`` is the number.
    """

    station_id: str
    evse_id: int
    id: int
    source: str
    purpose: str
    stack_level: int
    transaction_id: str | None = None
    request_id: int
    reported_at: Time


class ChargingProfile(ReportedProfile):
    """As it is stored: ``charging_profile`` is JSON text as on the wire."""

    charging_profile: str

    @classmethod
    def every(cls, station_id: str, told: ocpp2.ReportChargingProfilesRequest, at: datetime) -> list[Self]:
        return [
            cls(
                station_id=station_id,
                evse_id=told.evse_id,
                id=profile.id,
                source=told.charging_limit_source,
                purpose=profile.charging_profile_purpose,
                stack_level=profile.stack_level,
                transaction_id=profile.transaction_id,
                request_id=told.request_id,
                reported_at=at,
                charging_profile=encode(profile).decode(),
            )
            for profile in told.charging_profile
        ]

    @property
    def key(self) -> str:
        """A station may report a profile of all EVSEs for each of them."""
        return f"{quote(self.station_id, safe='')}:{self.evse_id}:{self.id}"

    def unless_newer(self, known: Self | None) -> Self:
        """What is known, if it was reported later or is the same; else this."""
        return self if known is None or known.reported_at < self.reported_at else known


class ChargingProfileView(ReportedProfile):
    charging_profile: Json

    @classmethod
    def of(cls, profile: ChargingProfile) -> Self:
        told = msgspec.json.decode(profile.charging_profile)
        return cls(**profile.model_dump(exclude={"charging_profile"}), charging_profile=told)
