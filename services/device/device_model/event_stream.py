"""A periodic event stream of OCPP 2.1: a station keeps sending the values of one of its monitors."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from libs.csms.clock import Time
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document
from libs.ocpp_messages import ocpp2


class EventStream(Document):
    """A stream that a station opened, or that is known only from its end."""

    station_id: str = Field(description="The station that opened the stream.")
    id: int = Field(description="The station's number of the stream (id of ConstantStreamDataType, 2.1).")
    variable_monitoring_id: int | None = Field(
        default=None, description="The id of the monitor whose values are sent (variableMonitoringId)."
    )
    interval: int | None = Field(
        default=None, description="Seconds after which the station sends the values it has collected."
    )
    values: int | None = Field(
        default=None, description="How many values the station collects before it sends them."
    )
    opened_at: Time | None = Field(
        default=None, description="When OpenPeriodicEventStream was received; absent if it never was."
    )
    closed_at: Time | None = Field(
        default=None, description="When the last ClosePeriodicEventStream was received."
    )
    is_open: bool = Field(description="Whether the stream was opened after it was last closed.")

    @classmethod
    def opened(cls, station_id: str, reported: ocpp2.ConstantStreamDataType, at: datetime) -> Self:
        return cls(
            station_id=station_id,
            id=reported.id,
            variable_monitoring_id=reported.variable_monitoring_id,
            interval=reported.params.interval,
            values=reported.params.values,
            opened_at=at,
            is_open=True,
        )

    @classmethod
    def closed(cls, station_id: str, id: int, at: datetime) -> Self:
        return cls(station_id=station_id, id=id, closed_at=at, is_open=False)

    @property
    def key(self) -> str:
        return composite_id(self.station_id, self.id)

    def merge(self, other: Self) -> Self:
        """Combine two reports, in any order. The stream is open if it was opened after it was closed."""
        opening = other if _later(other.opened_at, self.opened_at) else self
        closed_at = other.closed_at if _later(other.closed_at, self.closed_at) else self.closed_at
        is_open = opening.opened_at is not None and (closed_at is None or opening.opened_at > closed_at)
        both = opening.changed(closed_at=closed_at, is_open=is_open)
        return self if both == self else both


def _later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one > other)
