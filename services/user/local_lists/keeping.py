"""Looks after the lists that are due, and after changes of tokens that were cut short."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta

from libs.csms.clients.stations import Stations
from libs.csms.clock import rfc3339
from libs.csms.storage.queries import every
from libs.csms.storage.store import Query

from ..service import User
from .bringing import bring
from .token_changes import spread

log = logging.getLogger(__name__)

INTERVAL = 2.0
PARALLEL = 20

LEFT_BEHIND = timedelta(minutes=1)
"""To change a token takes much less."""


async def keep_local_lists(user: User, stations: Stations) -> None:
    busy: set[str] = set()

    async def look_after(station_id: str) -> None:
        try:
            await bring(user, stations, station_id)
        except Exception:
            log.exception("station %s: its local list was not brought", station_id)
        finally:
            busy.discard(station_id)
            user.local_lists.news.set()

    async with asyncio.TaskGroup() as tasks:
        while True:
            user.local_lists.news.clear()
            try:
                for station_id in await due(user, PARALLEL - len(busy)):
                    if station_id not in busy:
                        busy.add(station_id)
                        tasks.create_task(look_after(station_id))
            except Exception:
                log.exception("the local lists were not looked after; next time is in %d s", INTERVAL)
            with suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL):
                    await user.local_lists.news.wait()


async def keep_token_changes(user: User) -> None:
    """Goes on where a process died in the middle."""
    while True:
        try:
            await spread_left_behind(user)
        except Exception:
            log.exception("the changes of tokens were not looked after")
        await asyncio.sleep(LEFT_BEHIND.total_seconds() / 2)


async def spread_left_behind(user: User) -> None:
    until = rfc3339(user.clock() - LEFT_BEHIND)
    async for change in every(user.local_lists.token_changes, Query(order_by="at", to=until)):
        await spread(user, change)


async def due(user: User, most: int) -> list[str]:
    """The stations whose lists have waited longest. Costs one read where nothing is to be done."""
    if most < 1:
        return []
    until = rfc3339(user.clock() + timedelta(milliseconds=1))
    found = await user.local_lists.lists.find(Query(order_by="dueAt", to=until, page_size=most))
    return [one.station_id for one in found.items]
