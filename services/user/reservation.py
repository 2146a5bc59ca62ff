"""A reservation: what it is follows from what was heard of its number, in any order."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from libs.csms.clock import Time
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document, Index

from .reservation_news import Ending, Made, News, Terms, end_of

Status = Literal["active", Ending]

MOST_NEWS = 20
"""Of a number that a station uses again and again, the latest are kept."""

INDEXES = [
    Index((), "until", descending=True),
    Index(("stationId",), "until", descending=True),
    Index(("status",), "until", descending=True),
    Index(("idTokenKey",), "until", descending=True),
    Index(("stationId", "status"), "until", descending=True),
]


class ReservationView(Terms):
    """A reservation by REST. ``transactionId`` is the station's own, ``transaction`` its id among those of
    all stations. The text of a KeyCode is hidden.
    """

    reservation_id: int
    station_id: str
    status: Status
    reason: str | None = None
    transaction_id: str | None = None
    transaction: str | None = None
    created_at: Time
    ended_at: Time | None = None


class Reservation(Document):
    """The newest reservation of a number, and the news of that number, which may be of it or of one that is
    not known yet. ``made`` is None before the first.

    ``status``, ``until`` and ``id_token_key`` are for queries. There, an expired one is an active one whose
    ``until`` has passed: nothing need be written at that time.
    """

    station_id: str
    reservation_id: int
    made: Made | None = None
    is_reused: bool = False
    news: list[News] = []
    status: Status | None = None
    until: Time | None = None
    id_token_key: str | None = None

    def accepted(self, made: Made) -> Reservation:
        """Replaces what was accepted earlier under this number."""
        if self.made is None:
            return self._with(made=made)
        if made.command_id == self.made.command_id:
            return self
        newest = max(self.made, made, key=lambda one: (one.at, one.command_id))
        if newest is self.made and self.is_reused:
            return self
        return self._with(made=newest, is_reused=True)

    def ended(self, news: News) -> Reservation:
        known = {one.key: one for one in self.news}
        known[news.key] = known.get(news.key, news).joined(news)
        latest = sorted(known.values(), key=lambda one: (one.at, one.key))[-MOST_NEWS:]
        return self if latest == self.news else self._with(news=latest)

    def shown(self, now: datetime) -> ReservationView | None:
        """None if no station is known to have accepted it."""
        if self.made is None:
            return None
        end = end_of(self.made, self.is_reused, self.news)
        is_over = end.status != "expired" or end.at <= now
        ending = end.model_dump(include={"status", "reason", "transaction", "transaction_id"})
        known: dict[str, Any] = {
            **self.made.model_dump(exclude={"command_id", "at"}),
            **(ending | {"ended_at": end.at} if is_over else {"status": "active"}),
        }
        return ReservationView(
            station_id=self.station_id,
            reservation_id=self.reservation_id,
            created_at=self.made.at,
            **known,
        )

    def _with(self, **changes: Any) -> Reservation:
        new = self.model_copy(update=changes)
        if new.made is None:
            return new
        end = end_of(new.made, new.is_reused, new.news)
        found_by = {
            "status": "active" if end.status == "expired" else end.status,
            "until": end.at,
            "id_token_key": token_key(new.made.id_token),
        }
        return new.model_copy(update=found_by)


def key(station_id: str, reservation_id: int) -> str:
    return composite_id(station_id, reservation_id)


def token_key(id_token: str) -> str:
    """Tokens that differ in case alone are the same."""
    return id_token.casefold()
