"""The charging profiles on their way to a station of 2.x, so that none excludes another. No I/O."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from libs.csms.clock import Time
from libs.csms.errors import Conflict
from libs.csms.storage.store import Document

from .model import ProfileKey

COMMAND_TIMEOUT = timedelta(minutes=3)
"""A command that has not ended by then is not waited for."""


class ConflictingProfile(Conflict):
    """A charging profile that the station has, or is about to get, excludes the one that is to be sent."""

    def __init__(self, other: ProfileKey, where: str, why: str, **members: Any) -> None:
        detail = f"charging profile {other.id} on EVSE {other.evse_id}, which {where}, {why}"
        super().__init__(detail, chargingProfileId=other.id, **members)


class PendingProfile(ProfileKey):
    """A profile that a SetChargingProfile brings, which has not ended."""

    command_id: str = Field(description="The SetChargingProfile.")
    expires_at: Time = Field(description="When it is not waited for any longer.")

    @classmethod
    def sent_by(cls, command_id: str, key: ProfileKey, now: datetime) -> PendingProfile:
        return cls(**key.model_dump(), command_id=command_id, expires_at=now + COMMAND_TIMEOUT)


class PendingProfiles(Document):
    """Those of one station: in one document, so that of two at the same time each sees the other."""

    profiles: list[PendingProfile] = Field(default=[], description="What SetChargingProfile commands bring.")
    clearing: dict[str, Time] = Field(
        default={}, description="ClearChargingProfile commands by id, and until when each is waited for."
    )

    def adding(self, new: PendingProfile, now: datetime) -> PendingProfiles:
        """Raises ``ConflictingProfile``. The same command again is in nobody's way."""
        others = [one for one in self.profiles if one.expires_at > now and one.command_id != new.command_id]
        for other in others:
            if why := new.excluded_by(other, now):
                raise ConflictingProfile(other, "is on its way", why, commandId=other.command_id)
        return self.changed(profiles=[*others, new])

    def clearing_by(self, command_id: str, now: datetime) -> PendingProfiles:
        others = {id: until for id, until in self.clearing.items() if until > now}
        return self.changed(clearing=others | {command_id: now + COMMAND_TIMEOUT})

    def is_open(self, now: datetime) -> bool:
        """Whether a command has yet to end, which may let others pass."""
        profiles = (one.expires_at for one in self.profiles)
        return any(until > now for until in (*self.clearing.values(), *profiles))

    def since(self, moment: datetime) -> PendingProfiles:
        """Without those from before."""
        return self.changed(
            profiles=[one for one in self.profiles if one.expires_at - COMMAND_TIMEOUT >= moment]
        )

    def without(self, command_id: str) -> PendingProfiles:
        return self.changed(
            profiles=[one for one in self.profiles if one.command_id != command_id],
            clearing={id: until for id, until in self.clearing.items() if id != command_id},
        )
