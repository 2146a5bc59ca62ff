"""What a charging profile takes up in a station of 2.x, and what cannot be there beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from libs.csms.clock import Time, parse_time
from libs.csms.storage.store import Document

EXTERNAL = "ChargingStationExternalConstraints"


class Slot(Document):
    id: int
    evse_id: int
    purpose: str
    stack_level: int
    transaction_id: str | None = None
    valid_from: Time | None = None
    valid_to: Time | None = None

    @classmethod
    def of(cls, evse_id: int, profile: dict[str, Any]) -> Self:
        """``profile`` is one of either version, as JSON."""
        transaction_id = profile.get("transactionId")
        return cls(
            id=profile["id"] if "id" in profile else profile["chargingProfileId"],
            evse_id=evse_id,
            purpose=profile["chargingProfilePurpose"],
            stack_level=profile["stackLevel"],
            transaction_id=None if transaction_id is None else str(transaction_id),
            valid_from=time_in(profile, "validFrom"),
            valid_to=time_in(profile, "validTo"),
        )

    def is_valid_at(self, moment: datetime) -> bool:
        return (self.valid_from is None or self.valid_from <= moment) and self.ends_after(moment)

    def ends_after(self, moment: datetime) -> bool:
        return self.valid_to is None or moment < self.valid_to

    def overlaps(self, other: Slot, now: datetime) -> bool:
        """Whether both are valid at a time that is not over yet."""
        begin = max(one for one in (self.valid_from, other.valid_from, now) if one is not None)
        return all(end is None or begin < end for end in (self.valid_to, other.valid_to))


def time_in(value: dict[str, Any], name: str) -> datetime | None:
    """None too where it cannot be read."""
    try:
        return parse_time(value[name])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def collision(new: Slot, old: Slot, now: datetime) -> str | None:
    """Why a station of 2.x cannot have both. In 1.6 the new one takes the place of the old (1.6 §3.13.2)."""
    if new.id == old.id:
        return "is not for a CSMS to replace (K01.FR.05)" if old.purpose == EXTERNAL else None
    if (new.purpose, new.stack_level) != (old.purpose, old.stack_level):
        return None
    if new.purpose == "TxProfile":
        same = new.transaction_id is not None and new.transaction_id == old.transaction_id
        return "has the same stackLevel in the same transaction (K01.FR.39)" if same else None
    if not new.overlaps(old, now):
        return None
    if new.evse_id == old.evse_id:
        return "has the same purpose, stackLevel and EVSE while both are valid (K01.FR.06)"
    if new.purpose == "TxDefaultProfile" and 0 in (new.evse_id, old.evse_id):
        return "has the same purpose and stackLevel, and one of both is for all EVSEs (K01.FR.52, .53)"
    return None
