"""What is done around every handler, as functions from consumer to consumer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from libs.ocpp_messages.message import Message

from .bus import Consumer

Middleware = Callable[[Consumer], Consumer]


def wrapped(consumer: Consumer, middlewares: Sequence[Middleware]) -> Consumer:
    """The first middleware is the outermost."""
    for middleware in reversed(middlewares):
        consumer = middleware(consumer)
    return consumer


def time_limit(seconds: float) -> Middleware:
    """A handler that hangs is cancelled and raises ``TimeoutError``: its message comes again, as after any
    failure, and its station's other messages go on."""

    def limited(consumer: Consumer) -> Consumer:
        async def consume(message: Message) -> None:
            async with asyncio.timeout(seconds):
                await consumer(message)

        return consume

    return limited
