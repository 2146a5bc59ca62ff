"""A charging profile that a station has installed, and how long it has had it. No I/O."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

import msgspec
from pydantic import Field

from libs.csms.clock import Time, latest, parse_time, rfc3339
from libs.csms.storage.queries import composite_id
from libs.csms.storage.store import Document, Json
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.action import encode

from .transactions import CLOCK_ERROR, ChargingTransaction

EXTERNAL_CONSTRAINTS = "ChargingStationExternalConstraints"

TRANSACTION_TIMEOUT = timedelta(hours=1)
"""A profile whose transaction has not begun by then will never have one."""

MILLISECOND = timedelta(milliseconds=1)
"""The resolution of the times here."""


class ProfileKey(Document):
    """What tells a profile from the others of its station: two that are too much alike exclude each other."""

    id: int = Field(description="ChargingProfileType.id, unique in the station; 1.6 chargingProfileId.")
    evse_id: int = Field(description="0 is the whole station. A connector of 1.6 is an EVSE here.")
    purpose: str = Field(description="ChargingProfileType.chargingProfilePurpose, as the station names it.")
    stack_level: int = Field(description="ChargingProfileType.stackLevel: the highest one rules.")
    transaction_id: str | None = Field(default=None, description="Of a TxProfile: its transaction.")
    valid_from: Time | None = Field(default=None, description="ChargingProfileType.validFrom.")
    valid_to: Time | None = Field(default=None, description="ChargingProfileType.validTo.")

    def is_valid_at(self, moment: datetime) -> bool:
        return (self.valid_from is None or self.valid_from <= moment) and self.ends_after(moment)

    def ends_after(self, moment: datetime) -> bool:
        return self.valid_to is None or moment < self.valid_to

    def overlaps(self, other: ProfileKey, now: datetime) -> bool:
        """Whether both are valid at a time that is not over yet."""
        begin = max(one for one in (self.valid_from, other.valid_from, now) if one is not None)
        return all(end is None or begin < end for end in (self.valid_to, other.valid_to))

    def excluded_by(self, old: ProfileKey, now: datetime) -> str | None:
        """Why a station of 2.x cannot have both. In 1.6 the new one replaces the old one (1.6 §3.13.2)."""
        if self.id == old.id:
            is_external = old.purpose == EXTERNAL_CONSTRAINTS
            return "is not for a CSMS to replace (K01.FR.05)" if is_external else None
        if (self.purpose, self.stack_level) != (old.purpose, old.stack_level):
            return None
        if self.purpose == "TxProfile":
            same = self.transaction_id is not None and self.transaction_id == old.transaction_id
            return "has the same stackLevel in the same transaction (K01.FR.39)" if same else None
        if not self.overlaps(old, now):
            return None
        if self.evse_id == old.evse_id:
            return "has the same purpose, stackLevel and EVSE while both are valid (K01.FR.06)"
        if self.purpose == "TxDefaultProfile" and 0 in (self.evse_id, old.evse_id):
            return "has the same purpose and stackLevel, and one of both is for all EVSEs (K01.FR.52, .53)"
        return None


def profile_key(evse_id: int, profile: Json) -> ProfileKey:
    """``profile`` is one of either version."""
    transaction_id = profile.get("transactionId")
    return ProfileKey(
        id=profile["id"] if "id" in profile else profile["chargingProfileId"],
        evse_id=evse_id,
        purpose=profile["chargingProfilePurpose"],
        stack_level=profile["stackLevel"],
        transaction_id=None if transaction_id is None else str(transaction_id),
        valid_from=time_in(profile, "validFrom"),
        valid_to=time_in(profile, "validTo"),
    )


class InstalledProfile(ProfileKey):
    """What is known of a charging profile that a station has."""

    station_id: str = Field(description="The station.")
    source: str = Field(description="Who made it: a chargingLimitSource; CSO is this CSMS.")
    accepted_at: Time | None = Field(
        default=None, description="When the station last accepted it from this CSMS."
    )
    request_id: int | None = Field(
        default=None, description="GetChargingProfiles.requestId of its last report."
    )
    reported_at: Time | None = Field(default=None, description="When the station last reported it.")


class ChargingProfile(InstalledProfile):
    """As it is stored. The same whatever order its messages come in."""

    charging_profile: str = Field(description="The profile of OCPP, as JSON text.")
    known_at: Time = Field(description="The last time at which the station was known to have it.")
    removed_at: Time | None = Field(
        default=None, description="The last time at which the station had it no more."
    )
    present: bool = Field(
        default=True, description="Whether the station has it: known_at is after removed_at."
    )
    awaiting_transaction: bool = Field(
        default=False, description="Whether it is a TxProfile whose transaction is not known yet."
    )
    transaction_stated_at: Time | None = Field(
        default=None,
        description="When the transaction, or the remote start that it awaits, was last stated for this id.",
    )
    remote_start_id: int | None = Field(
        default=None, description="RequestStartTransaction.remoteStartId it came in."
    )
    id_token_key: str | None = Field(
        default=None, description="RemoteStartTransaction.idTag it came in, in lower case."
    )

    @classmethod
    def reported(
        cls, station_id: str, report: ocpp2.ReportChargingProfilesRequest, at: datetime
    ) -> list[Self]:
        """A report may leave out the transaction of a TxProfile: then it states none."""
        keyed = [
            (text, profile_key(report.evse_id, msgspec.json.decode(text)))
            for text in map(encode, report.charging_profile)
        ]
        return [
            cls(
                **key.model_dump(),
                station_id=station_id,
                source=report.charging_limit_source,
                request_id=report.request_id,
                reported_at=at,
                known_at=at,
                transaction_stated_at=None if key.transaction_id is None else at,
                charging_profile=text.decode(),
            )
            for text, key in keyed
        ]

    @classmethod
    def accepted(
        cls,
        station_id: str,
        evse_id: int,
        profile: ocpp16.ChargingProfile | ocpp2.ChargingProfileType,
        at: datetime,
    ) -> Self:
        text = encode(profile)
        key = profile_key(evse_id, msgspec.json.decode(text))
        return cls(
            **key.model_dump(),
            station_id=station_id,
            source="CSO",
            accepted_at=at,
            known_at=at,
            awaiting_transaction=key.purpose == "TxProfile" and key.transaction_id is None,
            transaction_stated_at=at,
            charging_profile=text.decode(),
        )

    @property
    def document_id(self) -> str:
        """A station may report a profile of all EVSEs for each of them."""
        return composite_id(self.station_id, self.evse_id, self.id)

    def merge(self, known: Self | None) -> Self:
        """With what is ``known`` of the same profile; ``known`` itself if this says nothing new.

        What was before the profile was gone, or was another one under the same id, does not count.
        """
        if known is None:
            return self
        newer, older = (self, known) if known.known_at < self.known_at else (known, self)
        last = max(self, known, key=_last_report)
        stated = max(known, self, key=_last_statement)
        merged = newer.changed(
            accepted_at=latest(self.accepted_at, known.accepted_at),
            reported_at=last.reported_at,
            request_id=last.request_id,
            transaction_id=stated.transaction_id,
            awaiting_transaction=stated.awaiting_transaction,
            transaction_stated_at=stated.transaction_stated_at,
            remote_start_id=stated.remote_start_id,
            id_token_key=stated.id_token_key,
        )
        return merged.removed(latest(self.removed_at, known.removed_at, _replaced_at(older, newer)))

    def removed(self, at: datetime | None) -> Self:
        """The station had it no more at that time. What it has under the id since then is another one."""
        removed_at = latest(self.removed_at, at)
        if removed_at is None:
            return self
        known = self.changed(removed_at=removed_at, present=removed_at < self.known_at)
        if known.accepted_at is not None and known.accepted_at < removed_at:
            known = known.changed(accepted_at=None)
        if known.reported_at is not None and known.reported_at < removed_at:
            known = known.changed(reported_at=None, request_id=None)
        if known.transaction_stated_at is None or removed_at <= known.transaction_stated_at:
            return known
        return known.changed(
            transaction_id=None,
            awaiting_transaction=False,
            transaction_stated_at=None,
            remote_start_id=None,
            id_token_key=None,
        )

    def is_for(self, transaction: ChargingTransaction) -> bool:
        """Whether it awaits this one: that of its remote start, or what is on its connector of 1.6."""
        if not self.awaiting_transaction or (self.evse_id and transaction.place not in (None, self.evse_id)):
            return False
        if self.remote_start_id is not None:
            return self.remote_start_id == transaction.remote_start_id
        if self.id_token_key is not None:
            since = self.known_at - CLOCK_ERROR
            return self.id_token_key == transaction.id_token_key and transaction.started_at >= since
        if transaction.place is None or transaction.had_ended_before(self.known_at):
            return False
        return transaction.started_at <= self.known_at + TRANSACTION_TIMEOUT

    def bind_to(self, transaction: ChargingTransaction) -> Self:
        return self.changed(
            transaction_id=transaction.transaction_id,
            awaiting_transaction=False,
            evse_id=self.evse_id or transaction.place or 0,
        )


class ChargingProfileView(InstalledProfile):
    """As it is shown."""

    charging_profile: Json = Field(
        description="The profile of OCPP; of one that is Dynamic with its newest limits and setpoints."
    )

    @classmethod
    def of(cls, profile: ChargingProfile, newest: Json) -> Self:
        known = profile.model_dump(include=set(InstalledProfile.model_fields))
        return cls(**known, charging_profile=newest)


def time_in(value: Json, name: str) -> datetime | None:
    """None too where it cannot be read."""
    try:
        return parse_time(value[name])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _last_report(profile: ChargingProfile) -> tuple[str, int]:
    at = "" if profile.reported_at is None else rfc3339(profile.reported_at)
    return at, profile.request_id or 0


def _last_statement(profile: ChargingProfile) -> tuple[str, bool]:
    """Of two at the same time, the one whose transaction is known."""
    at = profile.transaction_stated_at
    return "" if at is None else rfc3339(at), profile.transaction_id is not None


def _replaced_at(older: ChargingProfile, newer: ChargingProfile) -> datetime | None:
    """When the older one was gone, if the newer one is another profile under the same id."""
    first, last = sorted((older, newer), key=_last_statement)
    if older.purpose != newer.purpose:
        gone_at = older.known_at
    elif first.transaction_stated_at and first.transaction_id and first.transaction_id != last.transaction_id:
        gone_at = first.transaction_stated_at
    else:
        return None
    return min(gone_at + MILLISECOND, newer.known_at - MILLISECOND)
