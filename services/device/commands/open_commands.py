"""Looks after the commands that are open: delivers those that wait, ends those that get no answer."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from libs.csms.clock import rfc3339
from libs.csms.parallel import each
from libs.csms.storage.queries import every, update_from
from libs.csms.storage.store import Query

from ..connection import Connection
from ..greeting import greet_due
from ..news import heard
from ..service import Device
from .batches import prepare
from .cancelling import is_cancelled
from .command import FAREWELL, Command
from .delivery import publish
from .ending import DUE, ended, make_due, tell_again, withdraw
from .security_settings import conclude

log = logging.getLogger(__name__)

INTERVAL = 2.0
PARALLEL = 20

AFTER_CONNECTING = timedelta(seconds=5)
"""A station that has just started sends its BootNotification first."""


async def keep_commands(device: Device) -> None:
    has_told = False
    with device.news.listening(DUE) as due:
        while True:
            due.clear()
            try:
                if not has_told:
                    await tell_again(device)
                    has_told = True
                await look_after(device)
            except Exception:
                log.exception("the open commands were not looked after; next time is in %d s", INTERVAL)
            await heard(due, INTERVAL)


async def look_after(device: Device) -> None:
    """Any number of processes may do this at once. Costs five reads where nothing is open."""
    now = device.clock()
    expired = Query({"status": "queued"}, "expiresAt", to=_until(now))
    async for command in every(device.commands, expired):
        await _end(device, command, None)
    unanswered = Query({"status": "sent"}, "sentAt", to=rfc3339(now - FAREWELL))
    async for command in every(device.commands, unanswered):
        await _end(device, command, await device.connections.get(command.station_id))
    await greet_due(device)
    await _deliver_due(device)
    async for batch in every(device.batches, Query({"status": "preparing"})):
        await prepare(device, batch)
        await _deliver_due(device)


def _until(at: datetime) -> str:
    """The bound of a query that finds that very moment too."""
    return rfc3339(at + timedelta(milliseconds=1))


async def _deliver_due(device: Device) -> None:
    async def deliver(command: Command) -> None:
        try:
            await _deliver(device, command)
        except Exception:
            log.exception("station %s: %s was not delivered", command.station_id, command.action)

    await each(_due(device), deliver, PARALLEL)


async def _due(device: Device) -> AsyncIterator[Command]:
    """Of each station only the command that has waited longest."""
    due = Query({"status": "queued"}, "dueAt", to=_until(device.clock()))
    stations: set[str] = set()
    async for command in every(device.commands, due):
        if command.station_id not in stations:
            stations.add(command.station_id)
            yield command


async def _end(device: Device, found: Command, connection: Connection | None) -> None:
    """The next one of its station is made due first, so that it is not forgotten if this process dies."""
    now = device.clock()

    def over(command: Command | None) -> Command:
        return (command or found).expired(now).lost(connection, now)

    if over(found) is found:
        return
    if found.status == "sent" and found.waits:
        await make_due(device, found.station_id, now)
    await conclude(device, over(found))
    command = await device.commands.update(found.id, over)
    if command.is_final:
        log.warning(
            "station %s: %s %s ended %s", command.station_id, command.action, command.id, command.status
        )
        await ended(device, command)


async def _deliver(device: Device, found: Command) -> None:
    """One after another: nothing is delivered while one that was delivered before has no answer."""
    if await is_cancelled(device, found):
        await withdraw(device, found)
        return
    connection = await device.connections.get(found.station_id)
    station = await device.stations.get(found.station_id)
    if connection is None or not connection.connected:
        await device.commands.update(found.id, lambda now: (now or found).not_due(found.due_at))
        return
    if found.connection_id not in ("", connection.connection_id):
        await withdraw(device, found)
        return
    if station is None or not station.may_operate:
        return
    open_ones = Query({"stationId": found.station_id, "status": "sent", "waits": True}, page_size=1)
    if (await device.commands.find(open_ones)).items:
        return

    def sent(command: Command | None) -> Command:
        now = device.clock()
        return (command or found).expired(now).sent(connection.connection_id, now)

    before, command = await update_from(device.commands, found.id, sent)
    if command is not (before or found) and command.status == "sent":
        await publish(device, command, command.payload.encode(), connection)
