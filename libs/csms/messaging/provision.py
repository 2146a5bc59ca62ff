"""The topics and subscriptions that a CSMS needs on its bus."""

from __future__ import annotations

from collections.abc import Iterable

from libs.ocpp_messages import catalogue
from libs.ocpp_messages.event import EVENTS

from ..parallel import each
from .bus import Bus, Subscription

CONCURRENCY = 20
"""Topics or subscriptions that are created at the same time."""

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
    await each(TOPICS, bus.create_topic, CONCURRENCY)
    await each(subscriptions, bus.create_subscription, CONCURRENCY)
