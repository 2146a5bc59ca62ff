"""Whether the schedule that a vehicle has chosen keeps to what it was offered (K15.FR.12, K16, K17). No I/O.

What cannot be compared does not exceed: another unit or other phases, a profile that is Recurring, or
times at which no limit is known.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from libs.csms.clock import parse_time
from libs.ocpp_messages import ocpp2

Chosen = ocpp2.NotifyEVChargingScheduleRequest
Profile = ocpp2.ChargingProfileType
Schedule = ocpp2.ChargingScheduleType

Limits = dict[int, Decimal]
"""By phase; that of the first one is for all of them where they are not there."""

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Steps:
    """Limits that began at one time between ``earliest`` and ``latest``, and are for ``duration``."""

    schedule: Schedule
    earliest: datetime
    latest: datetime

    @cached_property
    def begins(self) -> list[timedelta]:
        return [timedelta(seconds=one.start_period) for one in self.schedule.charging_schedule_period]

    @cached_property
    def limits(self) -> list[Limits]:
        periods = self.schedule.charging_schedule_period
        return [_by_phase(one.limit, one.limit_l2, one.limit_l3) for one in periods]

    @cached_property
    def changes(self) -> set[datetime]:
        return {start + begin for start in (self.earliest, self.latest) for begin in self.begins}

    def at(self, moment: datetime) -> list[Limits]:
        """One of these holds then; none is known where it may be before them, or over."""
        low, high = moment - self.latest, moment - self.earliest
        duration = self.schedule.duration
        if low < self.begins[0] or (duration is not None and high >= timedelta(seconds=duration)):
            return []
        return self.limits[bisect_right(self.begins, low) - 1 : bisect_right(self.begins, high)]


def exceeds(chosen: Chosen, profile: Profile, since: datetime) -> bool:
    """``since`` is when the station accepted the profile."""
    try:
        begin = parse_time(chosen.time_base)
        offered = _offered(chosen, profile, since, begin)
        valid_to = NEVER if profile.valid_to is None else parse_time(profile.valid_to)
        ours = Steps(chosen.charging_schedule, begin, begin)
        if offered is None:
            return False
        moments = sorted(ours.changes | offered.changes)
        compared = moments[bisect_left(moments, begin) : bisect_left(moments, valid_to)]
        return any(_more(ours.at(moment), offered.at(moment)) for moment in compared)
    except (ValueError, OverflowError):
        return False  # there are times that cannot be read


def _offered(chosen: Chosen, profile: Profile, since: datetime, begin: datetime) -> Steps | None:
    """What the vehicle has chosen from, if that can be told. A schedule without a time of its own began when
    the profile became active: not before the station had it, nor after the vehicle's schedule began.
    """
    schedule, schedules = chosen.charging_schedule, profile.charging_schedule
    if len(schedules) > 1:
        selected = chosen.selected_charging_schedule_id
        id = schedule.id if selected is None else selected
        schedules = [one for one in schedules if one.id == id]
    for one in schedules:
        if (
            one.charging_rate_unit != schedule.charging_rate_unit
            or one.use_local_time
            or one.randomized_delay
        ):
            continue
        match profile.charging_profile_kind, one.start_schedule:
            case ("Relative" | "Dynamic", _):
                return Steps(one, min(since, begin), max(since, begin))
            case ("Absolute", str(text)):
                start = parse_time(text)
                return Steps(one, start, start)
    return None


def _more(chosen: list[Limits], offered: list[Limits]) -> bool:
    """Whether it is more than whichever of the ``offered`` holds."""
    return bool(chosen and offered) and all(
        ours.keys() == theirs.keys() and any(ours[phase] > theirs[phase] for phase in ours)
        for ours in chosen
        for theirs in offered
    )


def _by_phase(*limits: Decimal | None) -> Limits:
    return {phase: limit for phase, limit in enumerate(limits, start=1) if limit is not None}
