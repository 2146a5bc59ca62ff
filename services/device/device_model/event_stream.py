"""A periodic event stream of OCPP 2.1: a station keeps sending the values of one of its monitors."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from libs.csms.clock import Time
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document
from libs.ocpp_messages import ocpp2


class EventStream(Document):
    """``id`` is the station's number. ``interval`` is in seconds, ``values`` how many come at once."""

    station_id: str
    id: int
    variable_monitoring_id: int | None = None
    interval: int | None = None
    values: int | None = None
    opened_at: Time | None = None
    closed_at: Time | None = None
    is_open: bool

    @classmethod
    def opened(cls, station_id: str, told: ocpp2.ConstantStreamDataType, at: datetime) -> Self:
        return cls(
            station_id=station_id,
            id=told.id,
            variable_monitoring_id=told.variable_monitoring_id,
            interval=told.params.interval,
            values=told.params.values,
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
        """Both, in whatever order they came. It is open if it was opened after it was closed."""
        opening = other if _later(other.opened_at, self.opened_at) else self
        closed_at = other.closed_at if _later(other.closed_at, self.closed_at) else self.closed_at
        is_open = opening.opened_at is not None and (closed_at is None or opening.opened_at > closed_at)
        both = opening.changed(closed_at=closed_at, is_open=is_open)
        return self if both == self else both


def _later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one > other)
