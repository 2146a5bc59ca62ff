"""What a station of 2.x watches of its variables, and the events that this raises."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import Self

import msgspec

from libs.csms.clock import Time, parse_time
from libs.csms.secrets import masked
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document, Json, JsonDecimal
from libs.ocpp_messages import ocpp2

from .model import Component, Variable


class Monitor(Document):
    """What the station watches of a variable. ``id`` is the station's number for it."""

    station_id: str
    id: int
    component: Component
    variable: Variable
    type: str
    value: JsonDecimal
    severity: int
    transaction: bool
    event_notification_type: str | None = None
    reported_at: Time

    @classmethod
    def reported(cls, station_id: str, told: ocpp2.MonitoringDataType, at: datetime) -> list[Self]:
        known: Json = msgspec.to_builtins(told)
        place = {"stationId": station_id, "component": known["component"], "variable": known["variable"]}
        return [cls.model_validate({**one, **place, "reportedAt": at}) for one in known["variableMonitoring"]]

    @property
    def key(self) -> str:
        return composite_id(self.station_id, self.id)

    def merge(self, other: Self) -> Self:
        return other if other.reported_at > self.reported_at else self


class MonitoredEvent(Document):
    """One event of a NotifyEvent. ``timestamp`` is the station's time of it, ``id`` the station's number."""

    station_id: str
    id: int
    timestamp: Time
    received_at: Time
    trigger: str
    actual_value: str
    component: Component
    variable: Variable
    event_notification_type: str
    cause: int | None = None
    tech_code: str | None = None
    tech_info: str | None = None
    cleared: bool | None = None
    transaction_id: str | None = None
    variable_monitoring_id: int | None = None
    severity: int | None = None

    @classmethod
    def of(cls, station_id: str, told: ocpp2.EventDataType, at: datetime) -> Self:
        """Happened ``at`` where the station names no time that could be."""
        known = masked(msgspec.to_builtins(told))
        own = {"stationId": station_id, "id": told.event_id, "receivedAt": at}
        return cls.model_validate({**known, **own, "timestamp": _time(told.timestamp, at)})

    @property
    def key(self) -> str:
        """The same when the event is sent again. Stations may number from 0 again after a boot."""
        said = self.model_dump_json(exclude={"station_id", "received_at"})
        return composite_id(self.station_id, blake2b(said.encode(), digest_size=12).hexdigest())

    def merge(self, other: Self) -> Self:
        """An event does not change."""
        return self


def _time(text: str, otherwise: datetime) -> datetime:
    try:
        return parse_time(text)
    except (ValueError, OverflowError):
        return otherwise
