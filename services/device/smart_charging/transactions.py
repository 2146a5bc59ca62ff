"""The transactions that charging profiles may be for: as much of them as the check of a profile needs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self, TypeVar

from pydantic import Field

from libs.csms.clock import Time, parse_time
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document, Index
from libs.ocpp_messages.event import TransactionEnded, TransactionStarted

CLOCK_ERROR = timedelta(minutes=5)
"""How far the clock of a station may be off."""

INDEXES = [
    Index(("stationId",), "startedAt"),
    Index(("stationId", "connectorId"), "startedAt", descending=True),
    Index(("stationId", "evseId"), "learnedAt", descending=True),
    Index(("stationId",), "learnedAt"),
]

Value = TypeVar("Value", int, str, datetime)


class ChargingTransaction(Document):
    """The same whatever order its events come in: of two values of a field, the smaller one counts."""

    station_id: str = Field(description="The station.")
    transaction_id: str = Field(description="The station's own id; in 1.6 the number that the CSMS gave it.")
    learned_at: Time = Field(description="When the CSMS learned of it, by its own clock.")
    started_at: Time = Field(description="By the station's clock.")
    ended_at: Time | None = Field(
        default=None, description="By the station's clock. Absent while it is active."
    )
    end_received_at: Time | None = Field(
        default=None, description="When the CSMS learned of the end, by its own clock."
    )
    evse_id: int | None = Field(default=None, description="EVSE of 2.x, as far as the station has named it.")
    connector_id: int | None = Field(default=None, description="Connector of that EVSE, or of a 1.6 station.")
    remote_start_id: int | None = Field(
        default=None, description="Of the RequestStartTransaction that began it."
    )
    id_token_key: str | None = Field(default=None, description="The token that began it, in lower case.")

    @classmethod
    def started(cls, station_id: str, event: TransactionStarted, at: datetime) -> Self:
        return cls(
            station_id=station_id,
            transaction_id=event.transaction_id,
            learned_at=at,
            started_at=parse_time(event.started_at),
            evse_id=event.evse_id,
            connector_id=event.connector_id,
            remote_start_id=event.remote_start_id,
            id_token_key=token_key(event.id_token) if event.id_token else None,
        )

    @classmethod
    def ended(cls, station_id: str, event: TransactionEnded, at: datetime) -> Self:
        return cls(
            station_id=station_id,
            transaction_id=event.transaction_id,
            learned_at=at,
            started_at=parse_time(event.started_at),
            ended_at=parse_time(event.ended_at),
            end_received_at=at,
        )

    @property
    def document_id(self) -> str:
        return document_id(self.station_id, self.transaction_id)

    @property
    def place(self) -> int | None:
        """The EVSE, for which a connector of 1.6 counts too."""
        return self.connector_id if self.evse_id is None else self.evse_id

    def merge(self, known: Self | None) -> Self:
        """``known`` itself if this says nothing new."""
        if known is None:
            return self
        return known.changed(
            learned_at=min(known.learned_at, self.learned_at),
            started_at=min(known.started_at, self.started_at),
            ended_at=_smaller(known.ended_at, self.ended_at),
            end_received_at=_smaller(known.end_received_at, self.end_received_at),
            evse_id=_smaller(known.evse_id, self.evse_id),
            connector_id=_smaller(known.connector_id, self.connector_id),
            remote_start_id=_smaller(known.remote_start_id, self.remote_start_id),
            id_token_key=_smaller(known.id_token_key, self.id_token_key),
        )

    def had_ended_before(self, moment: datetime) -> bool:
        """``moment`` is of the CSMS's clock."""
        return self.ended_at is not None and self.ended_at < moment - CLOCK_ERROR


def document_id(station_id: str, transaction_id: str) -> str:
    return composite_id(station_id, transaction_id)


def token_key(id_token: str) -> str:
    """Tokens that differ in case alone are the same."""
    return id_token.casefold()


def _smaller(one: Value | None, other: Value | None) -> Value | None:
    return min((value for value in (one, other) if value is not None), default=None)
