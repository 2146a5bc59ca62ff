"""The negotiation of a charging schedule with a vehicle (ISO 15118; K15 to K19), as it is stored. No I/O.

Of each EVSE the newest is kept. It is the same whatever order the messages of the station come in, and
however often.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, Self

import msgspec
from pydantic import Field

from libs.csms.clock import Time, latest, rfc3339
from libs.csms.secrets import masked
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document, Json
from libs.ocpp_messages import ocpp2
from libs.ocpp_messages.action import encode

Policy = Literal["compute", "processing", "reject", "noChargingProfile"]

Answer = ocpp2.NotifyEVChargingNeedsStatusEnumType

MAX_EVSE_ID = 999
"""Of an EVSE above it nothing is kept: a station has fewer, and each is a document."""

MAX_KEPT = 100_000
"""Bytes of JSON of what a vehicle needs, or has chosen. What is longer is only in the message log."""

MAX_OFFERS = 3
"""Profiles that one vehicle is offered, from when it states what it needs until its schedule is accepted."""

OFFER_DELAY = timedelta(milliseconds=500)
"""The profile follows the answer to the station's message, which goes first."""

OFFER_TIMEOUT = timedelta(seconds=60)
"""K15.FR.07: a profile comes within 60 seconds, or not at all."""


class StationPolicy(Document):
    """How what vehicles need is answered at a station that has a policy of its own."""

    policy: Policy = Field(description="Instead of CSMS_EV_CHARGING_NEEDS.")
    changed_at: Time = Field(description="When it was last changed.")


class EvCharging(Document):
    """What a vehicle needs, what it was offered, and what it has chosen."""

    station_id: str = Field(description="The station.")
    evse_id: int = Field(description="The EVSE that the vehicle is at.")
    needs_received_at: Time | None = Field(
        default=None, description="When NotifyEVChargingNeeds came. Absent if the CSMS began the negotiation."
    )
    needs_status: Answer | None = Field(
        default=None, description="NotifyEVChargingNeedsResponse.status: what the station was answered."
    )
    offers: int = Field(
        default=0,
        description="How many charging profiles the CSMS has made for this vehicle by itself, until its"
        " schedule was accepted: three at most.",
    )
    transaction_id: str | None = Field(default=None, description="The transaction of the last such profile.")
    charging_profile_id: int | None = Field(default=None, description="Its id.")
    command_id: str | None = Field(default=None, description="The SetChargingProfile that brought it.")
    offer_status: str | None = Field(
        default=None,
        description="What became of it: status of the SetChargingProfileResponse; without an answer, the"
        " status of the command; `refused` if it was not sent.",
    )
    offer_reason: str | None = Field(default=None, description="Why no profile was sent, or no more.")
    schedule_received_at: Time | None = Field(
        default=None, description="When the newest NotifyEVChargingSchedule came."
    )
    schedule_status: ocpp2.GenericStatusEnumType | None = Field(
        default=None, description="NotifyEVChargingScheduleResponse.status: what the station was answered."
    )


class Negotiation(EvCharging):
    """As it is stored."""

    needs: str | None = Field(default=None, description="NotifyEVChargingNeeds as JSON text.")
    schedule: str | None = Field(default=None, description="NotifyEVChargingSchedule as JSON text.")
    began_at: Time = Field(description="When the first message came that the offers are for.")
    due_at: Time | None = Field(
        default=None, description="When a profile is to be sent; absent while there is none to send."
    )

    @property
    def document_id(self) -> str:
        return composite_id(self.station_id, self.evse_id)

    @property
    def offer_key(self) -> str:
        """Idempotency key of the command that brings the offer."""
        return composite_id("EVCharging", self.evse_id, rfc3339(self.began_at), self.offers)

    @classmethod
    def needed(
        cls, station_id: str, request: ocpp2.NotifyEVChargingNeedsRequest, status: Answer, at: datetime
    ) -> Self:
        """Accepted and Processing promise a profile; who sends it is for the caller to decide."""
        return cls(
            station_id=station_id,
            evse_id=request.evse_id,
            needs_received_at=at,
            needs_status=status,
            needs=kept_text(request),
            began_at=at,
        )

    def offering(self, at: datetime) -> Self:
        """A profile is to be sent for it then."""
        return self.changed(offers=self.offers + 1, due_at=at)

    def replacing(self, known: Self | None) -> Self:
        """What a vehicle needs begins all anew, but for a newer schedule. ``known`` where that is as new."""
        if known is None:
            return self
        if _is_known(known.needs_received_at, known.needs, self.began_at, self.needs):
            return known
        if known.schedule_received_at is not None and self.began_at < known.schedule_received_at:
            return known.changed(
                needs=self.needs, needs_received_at=self.needs_received_at, needs_status=self.needs_status
            )
        return self.changed(
            schedule=known.schedule,
            schedule_received_at=known.schedule_received_at,
            schedule_status=known.schedule_status,
        )

    def chosen(
        self,
        request: ocpp2.NotifyEVChargingScheduleRequest,
        status: ocpp2.GenericStatusEnumType,
        at: datetime,
        offer_at: datetime | None,
    ) -> Self:
        """The vehicle has chosen a schedule, which was answered so. Nothing changes if a newer one is known.

        After Rejected it is offered a profile again at the time ``offer_at`` (K15.FR.13, K16.FR.08,
        K17.FR.13), if the CSMS is to do that by itself. After Accepted it may begin anew.
        """
        schedule = kept_text(request)
        if _is_known(self.schedule_received_at, self.schedule, at, schedule):
            return self
        known = self.changed(schedule=schedule, schedule_received_at=at, schedule_status=status)
        if status == "Accepted":
            return known.changed(offers=0, began_at=at, due_at=None)
        if offer_at is None:
            return known
        if known.offers >= MAX_OFFERS:
            reason = f"the vehicle has chosen more than it was offered, {MAX_OFFERS} times"
            return known.changed(due_at=None, offer_reason=reason)
        return known.offering(offer_at)

    def sending(self, command_id: str, transaction_id: str, profile_id: int) -> Self:
        """A command is about to bring the profile."""
        if command_id == self.command_id:
            return self
        return self.changed(
            command_id=command_id,
            transaction_id=transaction_id,
            charging_profile_id=profile_id,
            offer_status=None,
            offer_reason=None,
        )

    def postponed(self, since: Self, at: datetime) -> Self:
        return self.changed(due_at=at) if self._is_as(since) else self

    def sent(self, since: Self) -> Self:
        """Nothing changes if another offer is due since then."""
        return self.changed(due_at=None) if self._is_as(since) else self

    def failed(self, since: Self, reason: str) -> Self:
        """No profile is sent."""
        if not self._is_as(since):
            return self
        return self.changed(due_at=None, offer_status="refused", offer_reason=reason)

    def ended(self, command_id: str, status: str) -> Self:
        """The command has."""
        return self.changed(offer_status=status) if self.command_id == command_id else self

    def is_overdue(self, now: datetime) -> bool:
        """K15.FR.07."""
        since = latest(self.began_at, self.schedule_received_at)
        return since is not None and now >= since + OFFER_TIMEOUT

    def _is_as(self, since: Self) -> bool:
        return (self.began_at, self.offers) == (since.began_at, since.offers)


class EvChargingView(EvCharging):
    """As it is shown."""

    charging_needs: Json | None = Field(
        default=None,
        description="NotifyEVChargingNeedsRequest; absent if it is longer than 100,000 bytes.",
    )
    charging_schedule: Json | None = Field(
        default=None,
        description="NotifyEVChargingScheduleRequest; absent if it is longer than 100,000 bytes.",
    )

    @classmethod
    def of(cls, negotiation: Negotiation) -> Self:
        known = negotiation.model_dump(include=set(EvCharging.model_fields))
        return cls(
            **known, charging_needs=_json(negotiation.needs), charging_schedule=_json(negotiation.schedule)
        )


def kept_text(
    request: ocpp2.NotifyEVChargingNeedsRequest | ocpp2.NotifyEVChargingScheduleRequest,
) -> str | None:
    """As JSON, secrets hidden; None if it is too long."""
    text = msgspec.json.encode(masked(msgspec.json.decode(encode(request))))
    return text.decode() if len(text) <= MAX_KEPT else None


def _is_known(known_at: datetime | None, known: str | None, at: datetime, text: str | None) -> bool:
    """Whether a message is the one that is known, or older."""
    return known_at is not None and (at < known_at or (at == known_at and text == known))


def _json(text: str | None) -> Json | None:
    return None if text is None else msgspec.json.decode(text)
