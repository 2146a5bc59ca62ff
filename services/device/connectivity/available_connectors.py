"""Publishes which connectors became Available some minutes ago, and still are."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from libs.csms.clock import parse_time, rfc3339
from libs.csms.messaging.bus import Bus
from libs.csms.storage.queries import every
from libs.csms.storage.store import Query
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import CONNECTOR_AVAILABLE, ConnectorAvailable
from libs.ocpp_messages.message import Kind, Message

from .model import Connector
from .service import Connectivity

log = logging.getLogger(__name__)

RECOVERY_INTERVAL = 300.0
"""Seconds between two searches, beside those at the times that this process knows."""

RECOVERED_SPAN = timedelta(hours=1)
"""How far back the first search of a process goes: what failed processes have not published."""


class AvailableConnectors:
    """Every process of the device service looks for them, so an event may come more than once."""

    def __init__(self, connectivity: Connectivity, bus: Bus) -> None:
        self._connectivity = connectivity
        self._bus = bus
        self._published_until = connectivity.clock() - connectivity.abandoned_after - RECOVERED_SPAN

    async def keep_publishing(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.publish_due()
            except Exception:
                log.exception("available connectors were not looked for; next attempt in 300 s")
            await self._connectivity.alarm.wait(RECOVERY_INTERVAL)

    async def publish_due(self) -> None:
        """Publish ConnectorAvailable for those whose time has come since the last call."""
        until = self._connectivity.clock() - self._connectivity.abandoned_after + timedelta(milliseconds=1)
        query = Query(order_by="availableSince", from_=rfc3339(self._published_until), to=rfc3339(until))
        async for connector in every(self._connectivity.connectors, query):
            await self._publish(connector)
        self._published_until = until

    async def _publish(self, connector: Connector) -> None:
        available = ConnectorAvailable(
            evse_id=connector.evse_id,
            connector_id=connector.connector_id,
            since=rfc3339(_since(connector)),
        )
        message = Message(
            data=encode(available),
            message_id=connector.key,
            station_id=connector.station_id,
            action=CONNECTOR_AVAILABLE.name,
            kind=Kind.EVENT,
            origin=Direction.FROM_STATION,
            sent_at=rfc3339(self._connectivity.clock()),
        )
        await self._bus.publish(CONNECTOR_AVAILABLE.name, message)


def _since(connector: Connector) -> datetime:
    """By the station's clock where it can be read: so are the times of its transactions."""
    try:
        return parse_time(connector.station_timestamp or "")
    except (ValueError, OverflowError):
        return connector.available_since or connector.reported_at
