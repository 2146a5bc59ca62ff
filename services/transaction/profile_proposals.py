"""The charging profiles on their way to a station of 2.x, so that none of them is in the way of another."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from libs.csms.clock import Time
from libs.csms.http import Problem
from libs.csms.store import Document

from .slot import Slot, collision

PATIENCE = timedelta(minutes=3)
"""A command that has not ended by then is not waited for."""


class Proposal(Slot):
    command_id: str
    expires_at: Time

    @classmethod
    def to_send(cls, slot: Slot, command_id: str, now: datetime) -> Proposal:
        return cls(**slot.model_dump(), command_id=command_id, expires_at=now + PATIENCE)


class Proposals(Document):
    """Of one station: in one document, so that of two proposals at the same time each sees the other."""

    open: list[Proposal] = []

    def proposed(self, new: Proposal, now: datetime) -> Proposals:
        """Raises ``Problem`` 409 with the command that is in its way. The same command again is no other."""
        others = [one for one in self.open if one.expires_at > now and one.command_id != new.command_id]
        for other in others:
            if why := collision(new, other, now):
                raise in_the_way(other, why, "is on its way", commandId=other.command_id)
        return self.model_copy(update={"open": [*others, new]})

    def ended(self, command_id: str) -> Proposals:
        left = [one for one in self.open if one.command_id != command_id]
        return self.model_copy(update={"open": left}) if len(left) < len(self.open) else self


def in_the_way(other: Slot, why: str, where: str, **extra: Any) -> Problem:
    detail = f"charging profile {other.id} on EVSE {other.evse_id}, which {where}, {why}"
    return Problem(409, detail, chargingProfileId=other.id, **extra)
