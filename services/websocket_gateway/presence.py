"""What the rest of the CSMS sees of a gateway: subscriptions, signs of life, and connections."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from libs.csms.clock import rfc3339
from libs.ocpp_messages.event import EventData
from libs.ocpp_messages.message import Message

from . import messages
from .connection import Connection
from .wiring import Wiring

log = logging.getLogger(__name__)


class Presence:
    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._gateway_id = wiring.routing.gateway_id

    async def tell(self, connection: Connection, event: EventData) -> bool:
        """Publish what became of a connection. False if the bus did not take it."""
        return await self._publish(messages.of_connection(connection, event, self._now(), self._gateway_id))

    async def beat(self) -> None:
        """Publish a sign of life again and again, until cancelled."""
        while True:
            await self._publish(messages.alive(self._gateway_id, self._now()))
            await asyncio.sleep(self._wiring.limits.alive_interval)

    @asynccontextmanager
    async def on_the_bus(self) -> AsyncIterator[None]:
        """The topics and subscriptions of this gateway exist while the block lasts."""
        bus, routing = self._wiring.bus, self._wiring.routing
        try:
            for topic in routing.topics:
                await bus.create_topic(topic)
            async with asyncio.TaskGroup() as tasks:
                for subscription in routing.subscriptions:
                    tasks.create_task(bus.create_subscription(subscription))
            yield
        finally:
            await self._leave()

    async def _leave(self) -> None:
        bus, routing = self._wiring.bus, self._wiring.routing
        try:
            async with asyncio.timeout(self._wiring.limits.publish_timeout):
                async with asyncio.TaskGroup() as tasks:
                    for subscription in routing.subscriptions:
                        tasks.create_task(bus.delete_subscription(subscription))
                for topic in routing.topics:
                    await bus.delete_topic(topic)
        except Exception:
            log.exception("the subscriptions are left to expire")

    async def _publish(self, event: Message) -> bool:
        try:
            async with asyncio.timeout(self._wiring.limits.publish_timeout):
                await self._wiring.bus.publish(event.action, event)
        except Exception:
            log.exception("%s could not be published", event.action)
            return False
        return True

    def _now(self) -> str:
        return rfc3339(self._wiring.clock())
