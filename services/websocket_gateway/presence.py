"""What the rest of the CSMS sees of a gateway: its topics, its signs of life, and its connections."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from libs.csms.clock import rfc3339
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import EventData, GatewayAlive, StationsSeen
from libs.ocpp_messages.message import Kind, Message

from .connection import Connection
from .context import GatewayContext

MAX_STATIONS_PER_EVENT = 500
"""In one StationsSeen event. One delivery of it takes as many writes."""

log = logging.getLogger(__name__)


class Announcer:
    def __init__(self, context: GatewayContext) -> None:
        self._context = context
        self._gateway_id = context.routing.gateway_id

    async def announce(
        self, connection: Connection, event: EventData, number: int | None = None, at: str = ""
    ) -> bool:
        """Publish what became of a connection. False if the bus did not take it.

        ``number`` tells events of a kind apart where a connection has more than one. ``at`` is when it
        happened, in RFC 3339, if not now.
        """
        name = type(event).__name__
        message = Message(
            data=encode(event),
            message_id=f"{connection.id}.{name}{'' if number is None else f'.{number}'}",
            station_id=connection.station_id,
            action=name,
            kind=Kind.EVENT,
            sent_at=at or self._now(),
            origin=Direction.FROM_STATION,
            ocpp_version=connection.version,
            gateway_id=self._gateway_id,
            connection_id=connection.id,
        )
        return await self._publish(f"station {connection.station_id}", message)

    async def keep_announcing_alive(self) -> None:
        """Publish GatewayAlive at once, and again after every interval, until cancelled."""
        while True:
            await self._announce_of_gateway(GatewayAlive())
            await asyncio.sleep(self._context.limits.alive_interval)

    async def keep_announcing_seen(self, heard_at: Callable[[], Iterable[tuple[str, float]]]) -> None:
        """Publish after every interval which stations have sent something in it, until cancelled.

        ``heard_at`` gives the stations and when they sent their last message, in times of the event loop.
        """
        clock, interval = asyncio.get_running_loop().time, self._context.limits.seen_interval
        since = clock()
        while True:
            await asyncio.sleep(interval)
            now = clock()
            seen = [(id, int(now - at)) for id, at in heard_at() if at > since]
            since = now
            for first in range(0, len(seen), MAX_STATIONS_PER_EVENT):
                part = dict(seen[first : first + MAX_STATIONS_PER_EVENT])
                await self._announce_of_gateway(StationsSeen(seconds_ago=part))

    @asynccontextmanager
    async def subscribed(self) -> AsyncIterator[None]:
        """The topics and subscriptions of this gateway exist while the block lasts."""
        try:
            await self._context.routing.topics.create(self._context.bus)
            yield
        finally:
            await self._unsubscribe()

    async def _unsubscribe(self) -> None:
        try:
            async with asyncio.timeout(self._context.limits.publish_timeout):
                await self._context.routing.topics.delete(self._context.bus)
        except Exception:
            log.exception("gateway %s: its subscriptions could not be deleted", self._gateway_id)

    async def _announce_of_gateway(self, event: EventData) -> None:
        message = message_of_gateway(event, self._gateway_id, self._now())
        await self._publish(f"gateway {self._gateway_id}", message)

    async def _publish(self, subject: str, event: Message) -> bool:
        try:
            async with asyncio.timeout(self._context.limits.publish_timeout):
                await self._context.bus.publish(event.action, event)
        except Exception:
            log.exception("%s: %s could not be published", subject, event.action)
            return False
        return True

    def _now(self) -> str:
        return rfc3339(self._context.clock())


def message_of_gateway(event: EventData, gateway_id: str, sent_at: str) -> Message:
    """It concerns no single station: its station id is empty."""
    return Message(
        data=encode(event),
        message_id=uuid.uuid4().hex,
        station_id="",
        action=type(event).__name__,
        kind=Kind.EVENT,
        sent_at=sent_at,
        origin=Direction.FROM_STATION,
        gateway_id=gateway_id,
    )
