"""Asks the gateways for the frames of a station, for as long as somebody looks at them."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from libs.csms.clock import Clock, rfc3339
from libs.csms.messaging.bus import Bus
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import STATION_WATCHED, StationWatched
from libs.ocpp_messages.message import Kind, Message

log = logging.getLogger(__name__)

RENEWAL = 30.0
"""Seconds between two events. A gateway that has just started hears of the station with the next one."""

DURATION = timedelta(seconds=100)
"""For which the gateways copy: one event may be lost."""


@asynccontextmanager
async def watching(bus: Bus, station_id: str, clock: Clock) -> AsyncIterator[None]:
    """While the block lasts, the frames of this station come as ``StationFrame``, from its connection on any
    gateway. They end some time after the block.
    """
    watching = asyncio.create_task(_keep_watching(bus, station_id, clock))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.wait([watching])


async def _keep_watching(bus: Bus, station_id: str, clock: Clock) -> None:
    while True:
        try:
            async with asyncio.timeout(RENEWAL):
                await bus.publish(STATION_WATCHED.name, _message(station_id, clock))
        except Exception:
            log.exception("station %s: StationWatched could not be published", station_id)
        await asyncio.sleep(RENEWAL)


def _message(station_id: str, clock: Clock) -> Message:
    now = clock()
    return Message(
        data=encode(StationWatched(until=rfc3339(now + DURATION))),
        message_id=uuid.uuid4().hex,
        station_id=station_id,
        action=STATION_WATCHED.name,
        kind=Kind.EVENT,
        sent_at=rfc3339(now),
        origin=Direction.TO_STATION,
    )
