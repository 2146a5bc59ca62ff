"""The charging profiles on their way to a station of 2.x, so that none of them is in the way of another."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from libs.csms.clock import Time
from libs.csms.errors import Conflict
from libs.csms.storage.store import Document

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
    """Of one station: in one document, so that of two proposals at the same time each sees the other.

    ``clearing`` are commands that may take profiles away, and until when each is waited for.
    """

    open: list[Proposal] = []
    clearing: dict[str, Time] = {}

    def proposed(self, new: Proposal, now: datetime) -> Proposals:
        """Raises ``Conflict`` with the command that is in its way. The same command again is no other."""
        others = [one for one in self.open if one.expires_at > now and one.command_id != new.command_id]
        for other in others:
            if why := collision(new, other, now):
                raise in_the_way(other, why, "is on its way", commandId=other.command_id)
        return self.changed(open=[*others, new])

    def clears(self, command_id: str, now: datetime) -> Proposals:
        others = {id: until for id, until in self.clearing.items() if until > now}
        return self.changed(clearing=others | {command_id: now + PATIENCE})

    def is_open(self, now: datetime) -> bool:
        """Whether the end of a command may let others pass."""
        return any(until > now for until in (*self.clearing.values(), *(one.expires_at for one in self.open)))

    def since(self, moment: datetime) -> Proposals:
        """Without those from before."""
        left = [one for one in self.open if one.expires_at - PATIENCE >= moment]
        return self.changed(open=left) if len(left) < len(self.open) else self

    def ended(self, command_id: str) -> Proposals:
        left = [one for one in self.open if one.command_id != command_id]
        clearing = {id: until for id, until in self.clearing.items() if id != command_id}
        if len(left) == len(self.open) and len(clearing) == len(self.clearing):
            return self
        return self.changed(open=left, clearing=clearing)


def in_the_way(other: Slot, why: str, where: str, **extra: Any) -> Conflict:
    detail = f"charging profile {other.id} on EVSE {other.evse_id}, which {where}, {why}"
    return Conflict(detail, chargingProfileId=other.id, **extra)
