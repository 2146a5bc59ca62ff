"""What the CSMS asks by itself: a new station for its settings, one that is back for its connectors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

from libs.csms.clock import rfc3339
from libs.csms.errors import DomainError
from libs.csms.storage.queries import every
from libs.csms.storage.store import Query
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.action import encode
from libs.ocpp_messages.version import Version

from .commands.requests import request
from .commands.wish import Wish, number_of
from .connection import Connection
from .model import Station
from .service import Device

log = logging.getLogger(__name__)

AT_ONCE = 50
"""Stations in one look: after a storm of connections they are asked one after another, by and by."""
MOST_CONNECTORS = 50
PATIENCE = timedelta(minutes=10)


async def greet_due(device: Device) -> None:
    """Any number of processes may do this at once: a station is asked each thing once for a connection."""
    due = Query(order_by="greetAt", to=rfc3339(device.clock() + timedelta(milliseconds=1)), page_size=AT_ONCE)
    async with asyncio.TaskGroup() as tasks:
        for connection in (await device.connections.find(due)).items:
            tasks.create_task(_greet(device, connection))


async def _greet(device: Device, connection: Connection) -> None:
    try:
        station = await device.stations.get(connection.station_id)
        if station is not None and station.may_operate and connection.connected:
            async for wish in _wishes(device, station, connection):
                await request(device, wish)
    except DomainError as problem:
        log.info("station %s is not asked of itself: %s", connection.station_id, problem.detail)
    except Exception:
        log.exception("station %s was not asked of itself", connection.station_id)
    await device.connections.update(
        connection.station_id, lambda known: (known or connection).greeted(connection)
    )


async def _wishes(device: Device, station: Station, connection: Connection) -> AsyncIterator[Wish]:
    version = Version(connection.ocpp_version or "")
    if station.lacks_inventory:
        yield _inventory(station, connection, version)
    unseen = [one async for one in _unseen(device, station.id)]
    if unseen and version is Version.V16:
        trigger = encode(ocpp16.TriggerMessageRequest("StatusNotification"))
        yield _wish(connection, "TriggerMessage", trigger, "connectors")
    elif unseen:
        for evse in unseen[:MOST_CONNECTORS]:
            trigger = encode(ocpp2.TriggerMessageRequest("StatusNotification", evse=evse))
            wish = _wish(connection, "TriggerMessage", trigger, f"connector {evse.id} {evse.connector_id}")
            yield replace(wish, in_turn=True)


def _inventory(station: Station, connection: Connection, version: Version) -> Wish:
    """All of it: B07 for 2.x, every configuration key for 1.6."""
    about = f"inventory {station.firmware_version or ''} {station.last_boot}"
    if version is Version.V16:
        return _wish(connection, "GetConfiguration", encode(ocpp16.GetConfigurationRequest()), about)
    wish = _wish(connection, "GetBaseReport", b"", about)
    return replace(wish, body=encode(ocpp2.GetBaseReportRequest(number_of(wish), "FullInventory")))


def _wish(connection: Connection, action: str, body: bytes, about: str) -> Wish:
    """The same however often it is made: so it becomes one command."""
    key = f"{connection.connection_id} {about}"
    return Wish(connection.station_id, action, body, key, ttl=int(PATIENCE.total_seconds()))


async def _unseen(device: Device, station_id: str) -> AsyncIterator[ocpp2.EVSEType]:
    """The connectors that have not been reported since the station is back."""
    async for connector in every(device.connectors, Query({"stationId": station_id})):
        if connector.offline_since is not None and connector.evse_id > 0:
            yield ocpp2.EVSEType(connector.evse_id, connector_id=connector.connector_id)
