"""The scheduler of open commands: publishes those that wait, and ends those that get no answer."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from libs.csms.clock import rfc3339
from libs.csms.parallel import each
from libs.csms.storage.queries import every, update_from
from libs.csms.storage.store import Query

from ..connectivity.model import Connection
from .batches import prepare
from .cancellation import is_cancelled
from .delivery import announce_end, expire, publish, republish_recent, schedule_next
from .model import ANSWER_GRACE, Command
from .security_settings import apply_result
from .service import Commands

log = logging.getLogger(__name__)

RECOVERY_INTERVAL = 300.0
"""Seconds between two runs for what dead processes have left. All else wakes the loop by the alarm."""

RETRY_DELAY = timedelta(seconds=2)
"""After a run that failed."""

PARALLEL = 20
"""Commands that are sent at the same time."""

AFTER_CONNECTING = timedelta(seconds=5)
"""A station that has just started sends its BootNotification first."""


async def keep_scheduling(commands: Commands) -> None:
    """Until cancelled."""
    has_republished = False
    while True:
        try:
            if not has_republished:
                await republish_recent(commands)
                has_republished = True
            await look_after(commands)
        except Exception:
            log.exception("the open commands were not looked after")
            commands.alarm.set(commands.clock() + RETRY_DELAY)
        await commands.alarm.wait(RECOVERY_INTERVAL)


async def look_after(commands: Commands) -> None:
    """End, publish and prepare what is due. Any number of processes may do this at once."""
    now = commands.clock()
    expired = Query({"stage": "waiting"}, "expiresAt", to=_including(now))
    async for command in every(commands.commands, expired):
        await _end(commands, command, Connection(station_id=command.station_id))
    async for command in every(commands.commands, Query({"stage": "published"}, "publishedAt")):
        await _end(commands, command, await commands.connectivity.connection(command.station_id))
        commands.alarm.set(now + ANSWER_GRACE)
    await _send_due(commands)
    async for batch in every(commands.batches, Query({"status": "preparing"})):
        await prepare(commands, batch)
        await _send_due(commands)


def _including(at: datetime) -> str:
    """The upper bound of a query that includes this time."""
    return rfc3339(at + timedelta(milliseconds=1))


async def _send_due(commands: Commands) -> None:
    async def send(command: Command) -> None:
        try:
            await _send(commands, command)
        except Exception:
            log.exception("station %s: %s was not published", command.station_id, command.action)
            commands.alarm.set(commands.clock() + RETRY_DELAY)

    await each(_due(commands), send, PARALLEL)


async def _due(commands: Commands) -> AsyncIterator[Command]:
    """Of each station, only the command that has waited longest."""
    due = Query({"stage": "waiting"}, "dueAt", to=_including(commands.clock()))
    stations: set[str] = set()
    async for command in every(commands.commands, due):
        if command.station_id not in stations:
            stations.add(command.station_id)
            yield command


async def _end(commands: Commands, found: Command, connection: Connection) -> None:
    """End a command that has expired or is overdue. The next one of its station is scheduled first, so that
    it is not lost if this process dies.
    """
    now = commands.clock()

    def ended(command: Command | None) -> Command:
        return (command or found).expired(now).overdue(connection, now)

    if ended(found) is found:
        return
    if found.stage == "published" and found.waits:
        await schedule_next(commands, found.station_id, now)
    await apply_result(commands.security, ended(found))
    command = await commands.commands.update(found.id, ended)
    if command.is_final:
        log.warning(
            "station %s: %s %s ended %s", command.station_id, command.action, command.id, command.status
        )
        await announce_end(commands, command)


async def _send(commands: Commands, found: Command) -> None:
    """Publish a due command, unless an earlier one of its station that waited has no answer yet."""
    if await is_cancelled(commands, found):
        await expire(commands, found)
        return
    connection = await commands.connectivity.connection(found.station_id)
    station = await commands.registry.get(found.station_id)
    if not connection.connected:
        await commands.commands.update(found.id, lambda known: (known or found).unscheduled(found.due_at))
        return
    if found.bound_to not in ("", connection.connection_id):
        await expire(commands, found)
        return
    if station is None or not station.may_operate:
        return
    open_ones = Query({"stationId": found.station_id, "stage": "published", "waits": True}, page_size=1)
    if (await commands.commands.find(open_ones)).items:
        return

    def published(command: Command | None) -> Command:
        now = commands.clock()
        return (command or found).expired(now).published(connection.connection_id, now)

    before, command = await update_from(commands.commands, found.id, published)
    if command is not (before or found) and command.stage == "published":
        await publish(commands, command, command.payload.encode(), connection)
