"""What is done around every handler of a service: a middleware makes a consumer of a consumer.

Dead letters are none of them: whether a message becomes one depends on how often it has failed, which
``delivery`` counts and no consumer knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from libs.ocpp_messages.message import Message

from .bus import Consumer

Middleware = Callable[[Consumer], Consumer]

HANDLER_TIMEOUT = 60.0
"""Seconds that a handler may take: twice what a station waits for its answer."""


def wrap(consumer: Consumer, middlewares: Sequence[Middleware]) -> Consumer:
    """The first middleware is the outermost."""
    for middleware in reversed(middlewares):
        consumer = middleware(consumer)
    return consumer


def time_limit(seconds: float) -> Middleware:
    """A handler that hangs is cancelled and raises ``TimeoutError``. Its message comes again, as after any
    failure, and the other messages of its station go on.
    """

    def limited(consumer: Consumer) -> Consumer:
        async def consume(message: Message) -> None:
            # asyncio.timeout does the same, and takes three times as long for every message.
            loop, task = asyncio.get_running_loop(), asyncio.current_task()
            assert task is not None
            expired: list[bool] = []
            timer = loop.call_later(seconds, _expire, task, expired)
            try:
                await consumer(message)
            except asyncio.CancelledError as error:
                if expired and task.cancelling() == 1:
                    raise TimeoutError(f"the handler took longer than {seconds:g} s") from error
                raise
            finally:
                timer.cancel()
                if expired:
                    task.uncancel()

        return consume

    return limited


def _expire(task: asyncio.Task[None], expired: list[bool]) -> None:
    expired.append(True)
    task.cancel()
