"""The monitors that a station of 2.x has on its variables, and the events that it reports."""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import Self

import msgspec
from pydantic import Field

from libs.csms.clock import Time, parse_time
from libs.csms.secrets import masked
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document, Json, JsonDecimal
from libs.ocpp_messages import ocpp2

from .model import Component, Variable


class Monitor(Document):
    """A monitor of a variable (VariableMonitoringType of 2.x)."""

    station_id: str = Field(description="The station that has the monitor.")
    id: int = Field(description="The station's number of the monitor (variableMonitoringId of its events).")
    component: Component = Field(description="The component of the monitored variable.")
    variable: Variable = Field(description="The monitored variable.")
    type: str = Field(description="MonitorEnumType of 2.x: UpperThreshold, Delta, Periodic and others.")
    value: JsonDecimal = Field(
        description="The threshold or difference, in the unit of the variable, or the interval in seconds,"
        " according to the type."
    )
    severity: int = Field(description="Severity of its events, from 0 (danger) to 9 (debug).")
    transaction: bool = Field(description="Whether it is active only while a transaction is ongoing.")
    event_notification_type: str | None = Field(
        default=None,
        description="EventNotificationEnumType of 2.1: whether it is hard-wired, preconfigured or custom.",
    )
    reported_at: Time = Field(description="When the gateway received the report.")

    @classmethod
    def reported(cls, station_id: str, report: ocpp2.MonitoringDataType, at: datetime) -> list[Self]:
        fields: Json = msgspec.to_builtins(report)
        place = {"stationId": station_id, "component": fields["component"], "variable": fields["variable"]}
        monitors = fields["variableMonitoring"]
        return [cls.model_validate({**one, **place, "reportedAt": at}) for one in monitors]

    @property
    def key(self) -> str:
        return composite_id(self.station_id, self.id)

    def merge(self, other: Self) -> Self:
        return other if other.reported_at > self.reported_at else self


class MonitoredEvent(Document):
    """One event of a NotifyEvent (EventDataType of 2.x)."""

    station_id: str = Field(description="The station that reported the event.")
    id: int = Field(description="The station's number of the event (eventId).")
    timestamp: Time = Field(
        description="When it happened, as the station says; when it was received if that is no time."
    )
    received_at: Time = Field(description="When the gateway received the event.")
    trigger: str = Field(description="EventTriggerEnumType of 2.x: Alerting, Delta or Periodic.")
    actual_value: str = Field(
        description="The value of the variable, as text (actualValue); hidden if it is a secret."
    )
    component: Component = Field(description="The component of the variable.")
    variable: Variable = Field(description="The variable that the event is about.")
    event_notification_type: str = Field(
        description="EventNotificationEnumType of 2.x: which kind of monitor raised the event."
    )
    cause: int | None = Field(default=None, description="The id of the event that caused this one.")
    tech_code: str | None = Field(default=None, description="The vendor's error code (techCode).")
    tech_info: str | None = Field(default=None, description="The vendor's details of the error (techInfo).")
    cleared: bool | None = Field(
        default=None, description="Whether the event says that an earlier problem is over."
    )
    transaction_id: str | None = Field(
        default=None, description="The station's id of the transaction that the event belongs to."
    )
    variable_monitoring_id: int | None = Field(
        default=None, description="The id of the monitor that raised the event."
    )
    severity: int | None = Field(
        default=None, description="From 0 (danger) to 9 (debug), as the monitor has it (2.1)."
    )

    @classmethod
    def of(cls, station_id: str, event: ocpp2.EventDataType, at: datetime) -> Self:
        """Its time is ``at``, that of reception, where the station's timestamp cannot be read."""
        reported = masked(msgspec.to_builtins(event))
        own = {"stationId": station_id, "id": event.event_id, "receivedAt": at}
        return cls.model_validate({**reported, **own, "timestamp": _time(event.timestamp, at)})

    @property
    def key(self) -> str:
        """The same when the event is sent again. Stations may number from 0 again after a boot."""
        content = self.model_dump_json(exclude={"station_id", "received_at"})
        return composite_id(self.station_id, blake2b(content.encode(), digest_size=12).hexdigest())

    def merge(self, other: Self) -> Self:
        """An event does not change."""
        return self


def _time(text: str, otherwise: datetime) -> datetime:
    try:
        return parse_time(text)
    except (ValueError, OverflowError):
        return otherwise
