"""The past month of every station, told step by step: each comes online, boots, and has its sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from libs.csms.parallel import each
from services.processes import Silent

from . import scenario
from .past import ANSWER_TIMEOUT, MovedClock, PastGateway
from .past_station import PastStation
from .scenario import DRIVERS, OTHER_TOKENS, DemoStation
from .sessions import leaving_before, losing_messages, sessions_of

STEP = timedelta(hours=6)
"""So far the clock moves at a time. What happens within a step is told of all stations at once:
the more at once, the fewer waits for the disk.
"""

CONCURRENCY = 16
"""Requests that register something at the same time."""

YESTERDAY = timedelta(hours=20)
"""So long ago."""


@dataclass(frozen=True)
class History:
    """What is to be told."""

    stations: Sequence[DemoStation]
    days: int
    until: datetime
    seed: int = 0

    @property
    def since(self) -> datetime:
        return self.until - timedelta(days=self.days)


@dataclass(frozen=True)
class Told:
    """What was told."""

    sessions: int
    energy_wh: int
    """Of the sessions that ended."""
    messages: int


async def tell(history: History, csms: Silent, clock: MovedClock, progress: Callable[[float], None]) -> Told:
    """Register everything, then tell all of the past. ``progress`` is given the share that is told."""
    clock.at = history.since
    await _register(history, csms)
    gateway = PastGateway(csms.bus, csms.number_connection)
    pasts = [_past_of(station, history, gateway) for station in history.stations]
    async with gateway.consuming():
        while clock.at < history.until:
            clock.at = min(clock.at + STEP, history.until)
            async with asyncio.TaskGroup() as tasks:
                for past in pasts:
                    if past.has_acts_until(clock.at):
                        tasks.create_task(past.tell_until(clock.at))
            progress((clock.at - history.since) / (history.until - history.since))
        first = history.stations[0]
        await gateway.publish_unreadable(first.id, first.model.version, clock.at)
        await _settle(csms, len(history.stations))
    ended = [session for past in pasts for session in past.ended]
    return Told(len(ended), sum(session.energy_wh for session in ended), sum(past.calls for past in pasts))


async def _register(history: History, csms: Silent) -> None:
    async def register_token(token: dict[str, Any]) -> None:
        (await csms.user.post("/idtokens", json=token)).raise_for_status()

    async def register_station(station: DemoStation) -> None:
        body = {
            "id": station.id,
            "group": station.group,
            "location": {"lat": station.lat, "lng": station.lng},
        }
        (await csms.device.post("/chargingstations", json=body)).raise_for_status()
        if station.secret:
            path = f"/chargingstations/{station.id}/credentials"
            (await csms.device.post(path, json={"secret": station.secret})).raise_for_status()

    await each((*DRIVERS, *OTHER_TOKENS), register_token, CONCURRENCY)
    await each(history.stations, register_station, CONCURRENCY)


async def _settle(csms: Silent, stations: int) -> None:
    """Wait until also the last events are handled: all stations have left, and the dead letter is kept."""
    async with asyncio.timeout(ANSWER_TIMEOUT):
        while True:
            page = await csms.device.get("/chargingstations", params={"with": "connection", "pageSize": 1000})
            letters = (await csms.device.get("/deadletters")).json()["items"]
            if letters and sum("disconnectedAt" in one for one in page.json()["items"]) == stations:
                return
            await asyncio.sleep(0.05)


def _past_of(station: DemoStation, history: History, gateway: PastGateway) -> PastStation:
    random = Random(f"{history.seed}-{station.id}")
    sessions = sessions_of(station, history.since, history.until, random)
    match station.trouble:
        case scenario.LOST_MESSAGES:
            sessions = losing_messages(sessions)
        case scenario.AWAY:
            sessions = leaving_before(sessions, history.until - YESTERDAY)
    return PastStation(station, gateway, sessions, history.since, history.until)
