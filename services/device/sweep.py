"""Ends the connections of gateways that died without a word."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from libs.csms.clock import rfc3339
from libs.csms.storage.queries import every
from libs.csms.storage.store import Query

from .connection import Connection
from .service import Device

log = logging.getLogger(__name__)

INTERVAL = 30.0
PATIENCE = timedelta(seconds=90)
"""A gateway tells twice a minute that it is alive."""
FORGOTTEN_AFTER = timedelta(hours=1)


async def keep_sweeping(device: Device) -> None:
    """Begins late: at first, the news that gateways are alive may still wait to be consumed."""
    await asyncio.sleep(PATIENCE.total_seconds())
    while True:
        try:
            await sweep(device)
        except Exception:
            log.exception("the sweep failed; the next one is in %d s", INTERVAL)
        await asyncio.sleep(INTERVAL)


async def sweep(device: Device) -> None:
    """Any number of processes may do this at once. Costs two reads for each gateway that holds stations."""
    now = device.clock()
    async for gateway_id in _gateways_in_use(device):
        gateway = await device.gateways.get(gateway_id)
        if gateway is None or gateway.last_seen < now - PATIENCE:
            await _lose(device, gateway_id, now)
    forgotten = Query(order_by="lastSeen", to=rfc3339(now - FORGOTTEN_AFTER))
    async for gateway in every(device.gateways, forgotten):
        await device.gateways.delete(gateway.id)


async def _gateways_in_use(device: Device) -> AsyncIterator[str]:
    """The gateways that hold connections as far as we know, each found by one look behind the one before."""
    after = ""
    while True:
        query = Query(equals={"connected": True}, order_by="gatewayId", from_=after, page_size=1)
        found = (await device.connections.find(query)).items
        if not found:
            return
        yield found[0].gateway_id
        after = found[0].gateway_id + " "


async def _lose(device: Device, gateway_id: str, now: datetime) -> None:
    query = Query(equals={"connected": True, "gatewayId": gateway_id})
    async for connection in every(device.connections, query):
        await _lose_one(device, connection, gateway_id, now)


async def _lose_one(device: Device, found: Connection, gateway_id: str, now: datetime) -> None:
    def lost(current: Connection | None) -> Connection:
        return (current or found).lost(gateway_id, now - PATIENCE, now)

    connection = await device.connections.update(found.station_id, lost)
    if not connection.connected:
        log.warning("station %s: lost with its gateway %s", found.station_id, gateway_id)
        await device.align(found.station_id)
