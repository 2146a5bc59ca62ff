"""Reservations as they are stored: what stations accepted, and what ended it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from libs.csms.clock import Clock, rfc3339
from libs.csms.errors import NotFound
from libs.csms.messaging.router import Router
from libs.csms.station_messages.log import MessageLog
from libs.csms.storage.queries import every
from libs.csms.storage.store import Collection, Query, Store

from .model import (
    INDEXES,
    AcceptedReservation,
    Reservation,
    ReservationEnd,
    ReservationView,
    reservation_key,
)

router: Router[Reservations] = Router("user")


class UnknownReservation(NotFound):
    """The station is not known to have accepted a reservation of that number."""

    def __init__(self) -> None:
        super().__init__("the charging station has accepted no reservation of that number")


@dataclass(frozen=True)
class Reservations:
    """What the handlers and paths of reservations are given."""

    documents: Collection[Reservation]
    message_log: MessageLog
    clock: Clock

    @classmethod
    def of(cls, store: Store, message_log: MessageLog, clock: Clock) -> Self:
        return cls(store.collection("reservations", Reservation, INDEXES), message_log, clock)

    async def existing(self, station_id: str, reservation_id: int) -> ReservationView:
        """The newest one of that number. Raises ``UnknownReservation``."""
        found = await self.documents.get(reservation_key(station_id, reservation_id))
        view = found.shown(self.clock()) if found is not None else None
        if view is None:
            raise UnknownReservation
        return view

    async def accepted(self, station_id: str, reservation_id: int, accepted: AcceptedReservation) -> None:
        """The station accepted a reservation."""
        new = Reservation(station_id=station_id, reservation_id=reservation_id)
        await self.documents.update(
            reservation_key(station_id, reservation_id), lambda known: (known or new).with_accepted(accepted)
        )

    async def ended(self, station_id: str, reservation_id: int, end: ReservationEnd) -> None:
        """A reservation of that number ended. Stored even if it is not known yet that there was one."""
        new = Reservation(station_id=station_id, reservation_id=reservation_id)
        await self.documents.update(
            reservation_key(station_id, reservation_id), lambda known: (known or new).with_end(end)
        )

    async def station_deleted(self, station_id: str, at: datetime) -> None:
        """All its reservations end."""
        active = Query({"stationId": station_id, "status": "active"}, "until", True, from_=rfc3339(at))
        numbers = [one.reservation_id async for one in every(self.documents, active)]
        reason = "the charging station has been deleted"
        end = ReservationEnd(status="removed", at=at, received_at=at, reason=reason)
        for number in numbers:
            await self.ended(station_id, number, end)
