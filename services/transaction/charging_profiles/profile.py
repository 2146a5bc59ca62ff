"""A charging profile that a station has, as it accepted or reported it, and how long it has had it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

import msgspec

from libs.csms.clock import Time, latest, rfc3339
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document, Json
from libs.ocpp_messages import ocpp2
from libs.ocpp_messages.action import encode

from ..model import Transaction
from .slot import Slot

CLOCK_ERROR = timedelta(minutes=5)
"""How far the clock of a station may be off."""


class KnownProfile(Document):
    """``source`` is who made it. ``id`` is unique in the station; EVSE 0 is the whole of it.

    ``accepted_at`` is when the station accepted it; ``reported_at`` when it last reported it, in the report
    of number ``request_id``. A connector of 1.6 is an EVSE here.
    """

    station_id: str
    evse_id: int
    id: int
    source: str
    purpose: str
    stack_level: int
    transaction_id: str | None = None
    accepted_at: Time | None = None
    request_id: int | None = None
    reported_at: Time | None = None


class ChargingProfile(KnownProfile):
    """As it is stored: ``charging_profile`` is JSON text as on the wire.

    It is ``present`` if ``known_at``, the last time that the station was known to have it, is after
    ``gone_at``. One of a remote start ``awaits`` its transaction, by ``remote_start_id`` or ``id_token_key``.
    """

    charging_profile: str
    known_at: Time
    gone_at: Time | None = None
    present: bool = True
    awaits: bool = False
    remote_start_id: int | None = None
    id_token_key: str | None = None

    @classmethod
    def reported(cls, station_id: str, told: ocpp2.ReportChargingProfilesRequest, at: datetime) -> list[Self]:
        return [
            cls(
                station_id=station_id,
                evse_id=told.evse_id,
                id=profile.id,
                source=told.charging_limit_source,
                purpose=profile.charging_profile_purpose,
                stack_level=profile.stack_level,
                transaction_id=profile.transaction_id,
                request_id=told.request_id,
                reported_at=at,
                known_at=at,
                charging_profile=encode(profile).decode(),
            )
            for profile in told.charging_profile
        ]

    @classmethod
    def accepted(cls, station_id: str, evse_id: int, profile: dict[str, Any], at: datetime) -> Self:
        """``profile`` is one of either version, as JSON."""
        slot = Slot.of(evse_id, profile)
        return cls(
            **slot.model_dump(exclude={"valid_from", "valid_to"}),
            station_id=station_id,
            source="CSO",
            accepted_at=at,
            known_at=at,
            charging_profile=msgspec.json.encode(profile).decode(),
        )

    @property
    def key(self) -> str:
        """A station may report a profile of all EVSEs for each of them."""
        return composite_id(self.station_id, self.evse_id, self.id)

    @property
    def slot(self) -> Slot:
        told = Slot.of(self.evse_id, msgspec.json.decode(self.charging_profile))
        return told.changed(transaction_id=self.transaction_id)

    def joined(self, known: Self | None) -> Self:
        """With what is ``known`` of the same profile, the same in any order; ``known`` if this is no news."""
        if known is None:
            return self
        newer, older = (self, known) if known.known_at < self.known_at else (known, self)
        last = max(self, known, key=_last_report)
        update: dict[str, Any] = {
            "accepted_at": latest(self.accepted_at, known.accepted_at),
            "reported_at": last.reported_at,
            "request_id": last.request_id,
            "gone_at": latest(self.gone_at, known.gone_at),
        }
        if newer.reported_at == newer.known_at and newer.transaction_id is None:
            update |= older.model_dump(
                include={"transaction_id", "awaits", "remote_start_id", "id_token_key"}
            )
        return newer._changed(update)

    def dropped(self, at: datetime) -> Self:
        """The station had it no more then."""
        return self._changed({"gone_at": latest(self.gone_at, at)})

    def _changed(self, update: dict[str, Any]) -> Self:
        gone_at = update["gone_at"]
        update["present"] = gone_at is None or gone_at < self.known_at
        changed = {name: value for name, value in update.items() if getattr(self, name) != value}
        return self.model_copy(update=changed) if changed else self

    def is_for(self, transaction: Transaction) -> bool:
        """Whether this is the transaction that the remote start with this profile has begun."""
        where = transaction.evse_id if transaction.evse_id is not None else transaction.connector_id
        if not self.awaits or (self.evse_id and where not in (None, self.evse_id)):
            return False
        if self.remote_start_id is not None:
            return self.remote_start_id == transaction.remote_start_id
        since = self.known_at - CLOCK_ERROR
        return self.id_token_key == transaction.id_token_key and transaction.started_at >= since

    def tied(self, transaction: Transaction) -> Self:
        where = transaction.evse_id if transaction.evse_id is not None else transaction.connector_id
        update = {"transaction_id": transaction.transaction_id, "awaits": False}
        return self.model_copy(update=update | {"evse_id": self.evse_id or where or 0})


def _last_report(profile: ChargingProfile) -> tuple[str, int]:
    at = "" if profile.reported_at is None else rfc3339(profile.reported_at)
    return at, profile.request_id or 0


class ChargingProfileView(KnownProfile):
    charging_profile: Json

    @classmethod
    def of(cls, profile: ChargingProfile, newest: Json) -> Self:
        known = profile.model_dump(include=set(KnownProfile.model_fields))
        return cls(**known, charging_profile=newest)
