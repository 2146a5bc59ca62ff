"""Finds gateways that have failed, marks their connections as ended, and deletes their topics."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from libs.csms.messaging.bus import Bus, Subscription
from libs.csms.messaging.gateway_topics import every_of
from libs.csms.messaging.temporary import consume_temporarily
from libs.csms.storage.queries import every
from libs.csms.storage.store import Query
from libs.ocpp_messages.event import GATEWAY_ALIVE
from libs.ocpp_messages.message import Message

from .model import Connection
from .service import Connectivity

log = logging.getLogger(__name__)

CHECK_INTERVAL = 30.0
"""Seconds between two checks of the gateways that this process knows."""

SILENCE_LIMIT = timedelta(seconds=90)
"""A gateway has failed after this long without GatewayAlive, which it publishes every 30 seconds."""


class GatewayLiveness:
    """Every process of the device service receives GatewayAlive of every gateway, and keeps the times in
    memory: the store is not used while all gateways live. Several processes may end the same connections.
    """

    def __init__(self, connectivity: Connectivity, bus: Bus) -> None:
        self._connectivity = connectivity
        self._bus = bus
        name = f"device-{uuid.uuid4().hex[:12]}.{GATEWAY_ALIVE.name}"
        self._subscription = Subscription(name, GATEWAY_ALIVE.name, temporary=True)

    async def keep_listening(self) -> None:
        """Until cancelled."""
        await consume_temporarily(self._bus, self._subscription, self._alive)

    async def keep_checking(self) -> None:
        """Until cancelled. The first check comes after ``SILENCE_LIMIT``, when every living gateway has been
        heard; it includes gateways that failed before this process began.
        """
        await asyncio.sleep(SILENCE_LIMIT.total_seconds())
        check = self.check_all
        while True:
            try:
                await check()
                check = self.check_known
            except Exception:
                log.exception("the gateways were not checked; next attempt in %d s", CHECK_INTERVAL)
            await asyncio.sleep(CHECK_INTERVAL)

    async def check_all(self) -> None:
        """Check also gateways that hold connections in the store, but were never heard by this process."""
        never = datetime.min.replace(tzinfo=UTC)
        async for gateway_id in self._gateways_in_use():
            self._connectivity.gateways.setdefault(gateway_id, never)
        await self.check_known()

    async def check_known(self) -> None:
        now, gateways = self._connectivity.clock(), self._connectivity.gateways
        silent = [id for id, heard_at in gateways.items() if heard_at < now - SILENCE_LIMIT]
        for gateway_id in silent:
            await self._lost(gateway_id, now)
            del gateways[gateway_id]

    async def _alive(self, message: Message) -> None:
        self._connectivity.gateway_heard(message.gateway_id)

    async def _gateways_in_use(self) -> AsyncIterator[str]:
        """The gateways that hold connections. One query finds the next id after the one before."""
        after = ""
        while True:
            query = Query(equals={"connected": True}, order_by="gatewayId", from_=after, page_size=1)
            found = (await self._connectivity.connections.find(query)).items
            if not found:
                return
            yield found[0].gateway_id
            after = found[0].gateway_id + " "

    async def _lost(self, gateway_id: str, now: datetime) -> None:
        query = Query(equals={"connected": True, "gatewayId": gateway_id})
        async for connection in every(self._connectivity.connections, query):
            await self._lose_connection(connection, gateway_id, now)
        await every_of(gateway_id).delete(self._bus)

    async def _lose_connection(self, found: Connection, gateway_id: str, now: datetime) -> None:
        connection = await self._connectivity.connections.update(
            found.station_id, lambda known: (known or found).lost(gateway_id, now - SILENCE_LIMIT, now)
        )
        if not connection.connected:
            log.warning("station %s: connection lost with gateway %s", found.station_id, gateway_id)
