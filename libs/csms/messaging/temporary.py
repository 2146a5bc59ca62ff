"""A subscription that belongs to one process: it is there for as long as the process consumes it."""

from __future__ import annotations

import asyncio
import logging

from .bus import Bus, Consumer, Subscription

log = logging.getLogger(__name__)

DELETION_TIMEOUT = 10.0
"""Seconds; a subscription that is left behind expires after a day without a consumer."""


async def consume_temporarily(bus: Bus, subscription: Subscription, consumer: Consumer) -> None:
    """Create the subscription, consume it until cancelled, and delete it. Raises ``UnknownTopic``."""
    assert subscription.temporary
    await bus.create_subscription(subscription)
    try:
        await bus.consume(subscription, consumer)
    finally:
        try:
            async with asyncio.timeout(DELETION_TIMEOUT):
                await bus.delete_subscription(subscription)
        except Exception:
            log.exception("%s is left to expire", subscription.name)
