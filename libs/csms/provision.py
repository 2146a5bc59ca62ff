"""The topics and subscriptions that a CSMS needs on its bus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from libs.ocpp_messages import catalogue
from libs.ocpp_messages.event import EVENTS

from .bus import Bus, Subscription

T = TypeVar("T")

CONCURRENCY = 20

TOPICS = sorted(
    {
        *catalogue.STATION_REQUEST_TOPICS,
        *catalogue.STATION_RESPONSE_TOPICS,
        *catalogue.COMMAND_REQUEST_TOPICS,
        *catalogue.COMMAND_RESPONSE_TOPICS,
        *(event.name for event in EVENTS),
    }
)


async def provision(bus: Bus, subscriptions: Iterable[Subscription]) -> None:
    """Create what is missing: every topic of the catalogue, then the subscriptions."""
    await _for_each(bus.create_topic, TOPICS)
    await _for_each(bus.create_subscription, subscriptions)


async def _for_each(create: Callable[[T], Awaitable[None]], things: Iterable[T]) -> None:
    remaining = iter(things)

    async def work() -> None:
        for thing in remaining:
            await create(thing)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(CONCURRENCY):
            tasks.create_task(work())
