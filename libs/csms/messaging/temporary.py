"""A subscription that belongs to one process: it is there for as long as the process consumes it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from .bus import Bus, Consumer, Subscription

log = logging.getLogger(__name__)

DELETION_TIMEOUT = 10.0
"""Seconds; a subscription that is left behind expires after a day without a consumer."""


async def consume_temporarily(
    bus: Bus, subscription: Subscription, consumer: Consumer, created: Callable[[], None] = lambda: None
) -> None:
    """Create the subscription, consume it until cancelled, and delete it. Raises ``UnknownTopic``.

    ``created`` is called when nothing that is published from then on is missed.
    """
    assert subscription.temporary
    await bus.create_subscription(subscription)
    try:
        created()
        await bus.consume(subscription, consumer)
    finally:
        try:
            async with asyncio.timeout(DELETION_TIMEOUT):
                await bus.delete_subscription(subscription)
        except Exception:
            log.exception("%s is left to expire", subscription.name)
