"""A reservation: what it is follows from what became known of its number, in any order. No I/O."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from libs.csms.clock import Time, rfc3339
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document, Index

EndStatus = Literal["used", "expired", "cancelled", "removed"]
Status = Literal["active", EndStatus]

MAX_ENDS = 20
"""Of a number that a station uses again and again, the latest are kept."""
MAX_STATION_CLOCK_LAG = timedelta(seconds=30)
"""How far a station's clock may be behind."""
MAX_CSMS_CLOCK_SKEW = timedelta(seconds=1)
"""How far apart the clocks may be of the processes that publish answers and transactions."""

INDEXES = [
    Index((), "until", descending=True),
    Index(("stationId",), "until", descending=True),
    Index(("status",), "until", descending=True),
    Index(("idTokenKey",), "until", descending=True),
    Index(("stationId", "status"), "until", descending=True),
]


class ReservationTerms(Document):
    """What is reserved, for which token and how long."""

    evse_id: int | None = Field(
        default=None, description="ReserveNow evseId; absent: any EVSE of the station."
    )
    connector_id: int | None = Field(
        default=None, description="ReserveNow connectorId of OCPP 1.6, where connector n counts as EVSE n."
    )
    connector_type: str | None = Field(default=None, description="ReserveNow connectorType of OCPP 2.x.")
    id_token: str = Field(description="ReserveNow idToken, in 1.6 idTag. The text of a KeyCode is hidden.")
    id_token_type: str | None = Field(default=None, description="IdTokenEnumType; absent for OCPP 1.6.")
    group_id_token: str | None = Field(
        default=None, description="ReserveNow groupIdToken, in 1.6 parentIdTag."
    )
    expiry_date_time: Time = Field(description="When the reservation ends by itself.")


class AcceptedReservation(ReservationTerms):
    """A ReserveNow that the station accepted."""

    command_id: str = Field(description="The command that made it.")
    at: Time = Field(description="When the station's answer came.")


class ReservationEnd(Document):
    """That a reservation of this number ended."""

    status: EndStatus = Field(description="How it ended.")
    at: Time = Field(description="When; if a transaction used it, by the station's own clock.")
    received_at: Time = Field(description="When the CSMS learnt of it.")
    reason: str | None = Field(
        default=None, description="Why it was removed: NoTransaction of OCPP 2.1, for one."
    )
    transaction: str | None = Field(
        default=None, description="Id of the transaction among those of all stations."
    )
    transaction_id: str | None = Field(default=None, description="The station's own id of the transaction.")

    @property
    def key(self) -> tuple[str, str, str]:
        """The same for the same end again. Of a transaction's start a better time may become known."""
        return self.status, self.transaction or rfc3339(self.at), self.reason or ""

    def merge(self, other: ReservationEnd) -> ReservationEnd:
        """The same end, with the earlier times."""
        return self.changed(at=min(self.at, other.at), received_at=min(self.received_at, other.received_at))

    def is_of(self, accepted: AcceptedReservation, is_reused: bool) -> bool:
        """Whether it ended this reservation, and not an earlier one of the same number.

        What the CSMS learnt before the station accepted this one belongs to an earlier one. So does a use of
        an earlier time that was learnt later; but if the number was never used before, the station's clock
        is wrong.
        """
        if self.status == "used" and not is_reused:
            return self.received_at >= accepted.at - MAX_CSMS_CLOCK_SKEW
        is_later_use = self.status != "used" or self.at >= accepted.at - MAX_STATION_CLOCK_LAG
        return is_later_use and self.received_at >= accepted.at


class ReservationView(ReservationTerms):
    """A reservation by REST."""

    reservation_id: int = Field(description="ReserveNow id, in 1.6 reservationId.")
    station_id: str = Field(description="Id of the charging station.")
    status: Status = Field(description="active, or how it ended.")
    reason: str | None = Field(default=None, description="Why it was removed, where that is known.")
    transaction_id: str | None = Field(default=None, description="The station's own id of the transaction.")
    transaction: str | None = Field(
        default=None, description="Id of the transaction that used it, for /transactions."
    )
    created_at: Time = Field(description="When the station accepted it.")
    ended_at: Time | None = Field(default=None, description="When it ended; absent while it is active.")


class Reservation(Document):
    """The newest reservation of a number, and all ends of that number, which may be of it, of an earlier one,
    or of one that is not known yet.
    """

    station_id: str = Field(description="Id of the charging station.")
    reservation_id: int = Field(description="The number, which the station may use again.")
    accepted: AcceptedReservation | None = Field(
        default=None, description="The newest one that the station accepted; absent before the first."
    )
    is_reused: bool = Field(default=False, description="There was an earlier one of this number.")
    ends: list[ReservationEnd] = Field(default=[], description="The latest ends of this number, by time.")
    status: Status | None = Field(
        default=None,
        description="For queries: an expired one stays active here, and its `until` has passed, so that "
        "nothing need be written at that time.",
    )
    until: Time | None = Field(default=None, description="For queries: when it ended or will expire.")
    id_token_key: str | None = Field(
        default=None, description="For queries: the text of the token, casefolded."
    )

    def with_accepted(self, accepted: AcceptedReservation) -> Reservation:
        """Replaces what was accepted earlier under this number."""
        if self.accepted is None:
            return self.changed(accepted=accepted)._indexed()
        if accepted.command_id == self.accepted.command_id:
            return self
        newest = max(self.accepted, accepted, key=lambda one: (one.at, one.command_id))
        return self.changed(accepted=newest, is_reused=True)._indexed()

    def with_end(self, end: ReservationEnd) -> Reservation:
        known = {one.key: one for one in self.ends}
        known[end.key] = known.get(end.key, end).merge(end)
        latest = sorted(known.values(), key=lambda one: (one.at, one.key))[-MAX_ENDS:]
        return self.changed(ends=latest)._indexed()

    def shown(self, now: Time) -> ReservationView | None:
        """None if no station is known to have accepted it."""
        if self.accepted is None:
            return None
        end = _end_of(self.accepted, self.is_reused, self.ends)
        is_over = end.status != "expired" or end.at <= now
        ending = end.model_dump(include={"status", "reason", "transaction", "transaction_id"})
        fields: dict[str, Any] = {
            **self.accepted.model_dump(exclude={"command_id", "at"}),
            **(ending | {"ended_at": end.at} if is_over else {"status": "active"}),
        }
        return ReservationView(
            station_id=self.station_id,
            reservation_id=self.reservation_id,
            created_at=self.accepted.at,
            **fields,
        )

    def _indexed(self) -> Reservation:
        if self.accepted is None:
            return self
        end = _end_of(self.accepted, self.is_reused, self.ends)
        return self.changed(
            status="active" if end.status == "expired" else end.status,
            until=end.at,
            id_token_key=self.accepted.id_token.casefold(),
        )


def _end_of(accepted: AcceptedReservation, is_reused: bool, ends: list[ReservationEnd]) -> ReservationEnd:
    """A use if there is one, as a transaction proves it; else the first end. Time is the last one."""
    own = [end for end in ends if end.is_of(accepted, is_reused)]
    used = [end for end in own if end.status == "used"]
    at = accepted.expiry_date_time
    expiry = ReservationEnd(status="expired", at=at, received_at=at)
    return used[0] if used else min([*own, expiry], key=lambda end: end.at)


def reservation_key(station_id: str, reservation_id: int) -> str:
    """The document id of a reservation."""
    return composite_id(station_id, reservation_id)
