"""A composite schedule, as a station last calculated it for an EVSE (K08)."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import msgspec
from pydantic import Field

from libs.csms.clock import Time
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document, Json
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.action import encode

from .model import time_in


class CalculatedSchedule(Document):
    """The station may have calculated another one since."""

    station_id: str = Field(description="The station.")
    evse_id: int = Field(description="0 is the grid connection. A connector of 1.6 is an EVSE here.")
    duration: int | None = Field(default=None, description="In seconds.")
    charging_rate_unit: str | None = Field(default=None, description="W or A, of the limits.")
    schedule_start: Time | None = Field(default=None, description="CompositeScheduleType.scheduleStart.")
    received_at: Time = Field(description="When the station answered GetCompositeSchedule.")


class CompositeSchedule(CalculatedSchedule):
    """As it is stored."""

    schedule: str = Field(description="CompositeScheduleType, or ChargingSchedule of 1.6, as JSON text.")

    @classmethod
    def calculated(
        cls,
        station_id: str,
        evse_id: int,
        duration: int,
        start: str | None,
        schedule: ocpp16.ChargingSchedule | ocpp2.CompositeScheduleType,
        at: datetime,
    ) -> Self:
        """``duration`` is what was asked for, where the schedule names none."""
        return cls(
            station_id=station_id,
            evse_id=evse_id,
            duration=duration if schedule.duration is None else schedule.duration,
            charging_rate_unit=schedule.charging_rate_unit,
            schedule_start=time_in({"start": start}, "start"),
            received_at=at,
            schedule=encode(schedule).decode(),
        )

    @property
    def document_id(self) -> str:
        return composite_id(self.station_id, self.evse_id)

    def merge(self, known: Self | None) -> Self:
        """The newer of both."""
        return self if known is None or known.received_at < self.received_at else known


class CompositeScheduleView(CalculatedSchedule):
    """As it is shown."""

    schedule: Json = Field(description="CompositeScheduleType, or ChargingSchedule of 1.6.")

    @classmethod
    def of(cls, composite: CompositeSchedule) -> Self:
        known = composite.model_dump(exclude={"schedule"})
        return cls(**known, schedule=msgspec.json.decode(composite.schedule))
