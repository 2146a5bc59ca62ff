"""What a vehicle may have chosen its schedule from: the TxProfiles that its station has, or may have by now.

A station may tell which schedule the vehicle has chosen before the CSMS has recorded that it took the
profile. So a profile in a command that is open may count, and one in a command that has been answered does.
No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2

from .model import ChargingProfile


@dataclass(frozen=True)
class SentCommand:
    """A SetChargingProfile of 2.x, as far as it is known what became of it."""

    payload: Json
    is_open: bool
    """Whether the station may still answer it."""
    status: str
    """What the station answered: ``Accepted``, ``Rejected``; empty without an answer."""
    answered_at: datetime | None

    def profile(self, station_id: str, at: datetime) -> ChargingProfile:
        """As the station has it once it accepts it, which it does at that time if it has not answered."""
        request = msgspec.convert(self.payload, ocpp2.SetChargingProfileRequest, strict=False)
        accepted_at = self.answered_at or at
        return ChargingProfile.accepted(station_id, request.evse_id, request.charging_profile, accepted_at)


def possible_offers(
    installed: Iterable[ChargingProfile],
    commands: Sequence[SentCommand],
    station_id: str,
    begin: datetime,
    now: datetime,
) -> list[ChargingProfile | None]:
    """The TxProfile that rules at the time ``begin``, for each of the commands that are open if it is
    accepted, and if none is. None is no profile.
    """
    known = {one.id: one for one in installed if one.source == "CSO"}
    answered = [one.profile(station_id, now) for one in commands if one.status == "Accepted"]
    for profile in sorted(answered, key=lambda one: one.known_at):
        known[profile.id] = profile.merge(known.get(profile.id))
    may_be = [one.profile(station_id, now) for one in commands if one.is_open]
    return [_ruling(known, begin), *(_ruling(known | {one.id: one}, begin) for one in may_be)]


def _ruling(profiles: dict[int, ChargingProfile], begin: datetime) -> ChargingProfile | None:
    valid = [one for one in profiles.values() if one.is_valid_at(begin)]
    return max(valid, key=lambda one: (one.stack_level, one.known_at), default=None)
