"""The charging sessions of a station's past: when cars come, what they take, and how it ends. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from random import Random
from uuid import UUID

from libs.ocpp_messages.version import Version
from services.simulator.messages import Reading
from services.simulator.vehicle import Vehicle

from .scenario import BLOCKED_TOKEN, DRIVERS, DemoStation, Model

ARRIVALS = (1, 1, 0, 0, 0, 2, 5, 9, 8, 6, 6, 7, 8, 7, 6, 8, 9, 9, 7, 5, 3, 2, 2, 1)
"""How often a car comes in each hour of the day (UTC), as weights."""

MIN_PAUSE = timedelta(minutes=5)
"""Between two cars at a connector."""

METER_INTERVAL = {False: timedelta(minutes=15), True: timedelta(minutes=5)}
"""Between two meter values, by whether it is a DC station."""

AC_VEHICLES_W = (3_700, 7_400, 11_000, 11_000, 22_000)
DC_VEHICLES_W = (50_000, 100_000, 150_000, 220_000)
_ABNORMAL = ("EVDisconnected", "PowerLoss", "EmergencyStop", "Other")
ABNORMAL_SHARE = 0.04
BLOCKED_SHARE = 0.01


@dataclass(frozen=True)
class Session:
    transaction_id: str
    """Empty in 1.6, where the CSMS gives it."""
    connector: int
    token: str
    readings: Sequence[Reading]
    """The first is that of the start, the last that of the end."""
    stop_reason: str = "Local"
    lost: range = range(0)
    """Which readings never came to the CSMS, for the station was away."""
    ends: bool = True
    """False if the station went away during it, and never came back."""

    @property
    def started_at(self) -> datetime:
        return self.readings[0].at

    @property
    def ended_at(self) -> datetime:
        return self.readings[-1].at

    @property
    def energy_wh(self) -> int:
        return self.readings[-1].register_wh - self.readings[0].register_wh


def sessions_of(station: DemoStation, since: datetime, until: datetime, random: Random) -> list[Session]:
    """Those that begin and end in that time, two to four a day, in the order of their starts. Sessions of a
    connector do not overlap.
    """
    free_at = dict.fromkeys(range(1, station.model.connectors + 1), since + MIN_PAUSE)
    registers = {connector: random.randrange(200_000, 9_000_000) for connector in free_at}
    sessions = []
    for start in _arrivals(since, until, random):
        connector = min(free_at, key=lambda one: free_at[one])
        if start < free_at[connector]:
            continue
        session = _session(station.model, connector, start, registers[connector], random)
        if session.ended_at + MIN_PAUSE > until:
            continue
        sessions.append(session)
        free_at[connector] = session.ended_at + MIN_PAUSE
        registers[connector] = session.readings[-1].register_wh
    return sessions


def losing_messages(sessions: Sequence[Session]) -> list[Session]:
    """The third quarter of the longest of the last ones gets lost. Begin and end come, so its energy does."""
    number = max(range(len(sessions))[-6:], key=lambda one: len(sessions[one].readings), default=None)
    if number is None or len(sessions[number].readings) < 4:
        return list(sessions)
    count = len(sessions[number].readings)
    lost = range(count // 2, max(count // 2 + 1, count * 3 // 4))
    lossy = replace(sessions[number], lost=lost, token=DRIVERS[0]["idToken"])
    return [lossy if one is sessions[number] else one for one in sessions]


def leaving_before(sessions: Sequence[Session], at: datetime) -> list[Session]:
    """Of a station with one connector that goes away about then for good, in the middle of a session."""
    number = max((n for n, one in enumerate(sessions) if one.started_at < at), default=0)
    token = DRIVERS[0]["idToken"]
    cut = [
        replace(one, token=token, ends=False, readings=_first_half(one))
        for one in sessions[number : number + 1]
    ]
    return [*sessions[:number], *cut]


def _first_half(session: Session) -> Sequence[Reading]:
    return session.readings[: len(session.readings) // 2 + 1]


def _arrivals(since: datetime, until: datetime, random: Random) -> Iterator[datetime]:
    day = since.replace(hour=0, minute=0, second=0, microsecond=0)
    while day < until:
        hours = random.choices(range(24), ARRIVALS, k=random.randint(2, 4))
        starts = sorted(day + timedelta(hours=hour, seconds=random.randrange(3600)) for hour in hours)
        yield from (start for start in starts if since <= start < until)
        day += timedelta(days=1)


def _session(model: Model, connector: int, start: datetime, register_wh: int, random: Random) -> Session:
    blocked = random.random() < BLOCKED_SHARE
    abnormal = random.random() < ABNORMAL_SHARE
    length = _stay(model, random) * (random.uniform(0.1, 0.7) if abnormal else 1)
    id = "" if model.version is Version.V16 else str(UUID(int=random.getrandbits(128), version=4))
    return Session(
        id,
        connector,
        BLOCKED_TOKEN if blocked else random.choice(DRIVERS)["idToken"],
        list(_readings(model, start, length, register_wh, random)),
        random.choice(_ABNORMAL) if abnormal else "Local",
    )


def vehicle_of(model: Model, random: Random) -> Vehicle:
    """One that may come to a station of this model."""
    battery_wh = random.choice((38_000, 52_000, 58_000, 77_000, 94_000))
    power_w = random.choice(DC_VEHICLES_W if model.is_dc else AC_VEHICLES_W)
    return Vehicle(
        power_w=min(model.power_w, power_w),
        battery_wh=battery_wh,
        soc=random.uniform(0.08, 0.6),
        taper_soc=0.55 if model.is_dc else 0.92,
    )


def _stay(model: Model, random: Random) -> timedelta:
    return timedelta(minutes=random.uniform(15, 50) if model.is_dc else random.triangular(35, 300, 110))


def _readings(
    model: Model, start: datetime, length: timedelta, register_wh: int, random: Random
) -> Iterator[Reading]:
    """One at the start, one after each interval, and one at the end."""
    vehicle = vehicle_of(model, random)
    passed, register = timedelta(), float(register_wh)

    def reading(seq_no: int, power_w: int) -> Reading:
        soc = vehicle.soc_percent if model.is_dc else None
        return Reading(start + passed, int(register), power_w, seq_no, offline=False, soc=soc)

    yield reading(0, 0)
    for seq_no in count(1):
        step = min(METER_INTERVAL[model.is_dc], length - passed)
        power_w = round(vehicle.wanted_w * random.uniform(0.97, 1.0))
        taken_wh = power_w * step.total_seconds() / 3600
        register += taken_wh
        vehicle.take(taken_wh)
        passed += step
        yield reading(seq_no, power_w if passed < length else 0)
        if passed == length:
            return
