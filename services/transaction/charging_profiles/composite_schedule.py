"""A composite schedule, as a station last calculated it for an EVSE (K08)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

import msgspec

from libs.csms.clock import Time
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document, Json

from .slot import time_in


class CalculatedSchedule(Document):
    """EVSE 0 is the grid connection; a connector of 1.6 is an EVSE here. ``duration`` is in seconds.

    It was ``received_at`` that time, and the station may have calculated another since.
    """

    station_id: str
    evse_id: int
    duration: int | None = None
    charging_rate_unit: str | None = None
    schedule_start: Time | None = None
    received_at: Time


class CompositeSchedule(CalculatedSchedule):
    """As it is stored: ``schedule`` is JSON text as on the wire."""

    schedule: str

    @classmethod
    def told(cls, station_id: str, asked: Json, answer: Json, at: datetime) -> Self | None:
        """None where the answer holds none."""
        schedule: Any = answer.get("schedule", answer.get("chargingSchedule"))
        if answer.get("status") != "Accepted" or schedule is None:
            return None
        asked_of = asked.get("evseId", asked.get("connectorId"))
        return cls(
            station_id=station_id,
            evse_id=schedule.get("evseId", answer.get("connectorId", asked_of)),
            duration=schedule.get("duration", asked.get("duration")),
            charging_rate_unit=schedule.get("chargingRateUnit"),
            schedule_start=time_in(schedule | answer, "scheduleStart"),
            received_at=at,
            schedule=msgspec.json.encode(schedule).decode(),
        )

    @property
    def key(self) -> str:
        return composite_id(self.station_id, self.evse_id)

    def unless_newer(self, known: Self | None) -> Self:
        return self if known is None or known.received_at < self.received_at else known


class CompositeScheduleView(CalculatedSchedule):
    schedule: Json

    @classmethod
    def of(cls, composite: CompositeSchedule) -> Self:
        known = composite.model_dump(exclude={"schedule"})
        return cls(**known, schedule=msgspec.json.decode(composite.schedule))
