"""Which stations are connected, when they were last seen, and what their connectors report."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from libs.csms.alarm import Alarm
from libs.csms.clock import Clock
from libs.csms.messaging.router import Call, Router
from libs.csms.storage.queries import every, update_existing
from libs.csms.storage.store import Collection, Index, Query, Store, filters

from .attempts import ConnectionAttempt, attempts_of
from .model import LAST_SEEN_INTERVAL, Connection, Connector

router: Router[Connectivity] = Router("device")

CONNECTION_INDEXES = [
    Index(("connected",), "gatewayId"),
    Index(("connected",)),
    *filters("gatewayId", "ocppVersion"),
]
CONNECTOR_INDEXES = [
    Index(("stationId",)),
    Index(("status",)),
    Index((), "availableSince"),
    *filters("evseId"),
]


MAX_NUMBER = 1_000
"""Greatest number of an EVSE or connector; without a limit one station could fill the store."""


class Throttle:
    """Remembers when something was last done, for the keys used last. A forgotten key is done again early."""

    def __init__(self, interval: timedelta, max_keys: int = 100_000) -> None:
        self._interval = interval
        self._max_keys = max_keys
        self._last: OrderedDict[str, datetime] = OrderedDict()

    def is_done(self, key: str, at: datetime) -> bool:
        """Whether it was done less than the interval before ``at``."""
        last = self._last.get(key)
        return last is not None and at - last < self._interval

    def done(self, key: str, at: datetime) -> None:
        self._last[key] = at
        self._last.move_to_end(key)
        if len(self._last) > self._max_keys:
            self._last.popitem(last=False)

    def __len__(self) -> int:
        return len(self._last)


@dataclass(frozen=True)
class Connectivity:
    connections: Collection[Connection]
    """By station id."""
    connectors: Collection[Connector]
    """By ``Connector.key``."""
    attempts: Collection[ConnectionAttempt]
    """Refused handshakes, by ``ConnectionAttempt.slot``."""
    clock: Clock
    abandoned_after: timedelta
    """For so long a connector must have been Available until that is published."""
    alarm: Alarm
    """Wakes the loop that publishes it."""
    last_seen: Throttle = field(default_factory=lambda: Throttle(LAST_SEEN_INTERVAL))
    gateways: dict[str, datetime] = field(default_factory=dict)
    """When this process last heard of each gateway, by its id."""

    @classmethod
    def of(cls, store: Store, clock: Clock, abandoned_after: timedelta = timedelta(minutes=10)) -> Self:
        return cls(
            connections=store.collection("connections", Connection, CONNECTION_INDEXES),
            connectors=store.collection("connectors", Connector, CONNECTOR_INDEXES),
            attempts=attempts_of(store),
            clock=clock,
            abandoned_after=abandoned_after,
            alarm=Alarm(clock),
        )

    async def connection(self, station_id: str) -> Connection:
        """The newest connection of the station. An empty one if it has never connected."""
        return await self.connections.get(station_id) or Connection(station_id=station_id)

    async def connections_of(self, station_ids: Iterable[str]) -> dict[str, Connection]:
        """The newest connection of each of at most 1,000 stations, as ``connection`` has it."""
        ids = list(dict.fromkeys(station_ids))
        known = await self.connections.get_all(ids)
        return {id: known.get(id) or Connection(station_id=id) for id in ids}

    async def number_connection(self, station_id: str) -> int:
        """A number greater than that of every connection admitted before. No gateway clock matters. Raises
        ``TooManyConnections``.
        """
        now, new = self.clock(), Connection(station_id=station_id)
        known = await self.connections.update(station_id, lambda known: (known or new).admitted(now))
        return known.admission_number

    async def open(self, newer: Connection) -> Connection:
        return await self.connections.update(
            newer.station_id, lambda known: newer if known is None else known.opened(newer)
        )

    async def close(self, ended: Connection) -> Connection:
        return await self.connections.update(
            ended.station_id, lambda known: ended if known is None else known.closed(ended)
        )

    async def touch(self, call: Call[Any]) -> None:
        """Store that the station is alive, at most once a minute for each station."""
        at, new = call.received_at, Connection(station_id=call.station_id)
        if self.last_seen.is_done(call.station_id, at):
            return
        connection_id = call.message.connection_id
        await self.connections.update(call.station_id, lambda known: (known or new).touch(connection_id, at))
        self.last_seen.done(call.station_id, at)

    async def seen(self, station_id: str, at: datetime) -> None:
        """Store that the station was alive then, at most once a minute for each station. Nothing is stored
        about a station that has never connected, or has been deleted.
        """
        if not self.last_seen.is_done(station_id, at):
            await update_existing(self.connections, station_id, lambda known: known.seen(at))
            self.last_seen.done(station_id, at)

    async def adopt_connection(self, call: Call[Any]) -> None:
        """Store the connection of a call, which may be delivered before the StationConnected event of that
        connection.
        """
        known = await self.connections.get(call.station_id)
        if known is None or known.connection_id < call.message.connection_id:
            await self.open(Connection.of_call(call.message, call.received_at))

    def gateway_heard(self, gateway_id: str) -> None:
        """The gateway has published GatewayAlive or StationConnected."""
        self.gateways[gateway_id] = self.clock()

    async def report(self, connector: Connector) -> None:
        stored = await self.connectors.update(
            connector.key, lambda known: connector if known is None else known.merge(connector)
        )
        if stored.available_since is not None and stored.available_since == connector.reported_at:
            self.alarm.set(stored.available_since + self.abandoned_after)

    async def connectors_of(self, station_id: str) -> list[Connector]:
        """In the order of their numbers."""
        found = [one async for one in every(self.connectors, Query({"stationId": station_id}))]
        return sorted(found, key=lambda connector: (connector.evse_id, connector.connector_id))

    async def forget(self, station_id: str) -> None:
        """Delete the connectors and the connection of the station. An open connection stays until it ends."""
        for connector in await self.connectors_of(station_id):
            await self.connectors.delete(connector.key)
        connection = await self.connections.get(station_id)
        if connection is not None and not connection.connected:
            await self.connections.delete(station_id)
