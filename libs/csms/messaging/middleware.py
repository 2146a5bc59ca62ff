"""What is done around every handler of a service: a middleware makes a consumer of a consumer.

Dead letters are none of them: whether a message becomes one depends on how often it has failed, which
``delivery`` counts and no consumer knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

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
    return lambda consumer: _TimeLimit(consumer, seconds).consume


class _TimeLimit:
    """One timer for all handlers in work. ``asyncio.timeout`` starts one for each: four times the time."""

    def __init__(self, consumer: Consumer, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._consumer = consumer
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None
        self._deadlines: dict[asyncio.Task[Any], float] = {}
        """Of the tasks that handle a message, the earliest first. A task whose time is up is removed."""

    async def consume(self, message: Message) -> None:
        loop = self._loop
        task = asyncio.current_task(loop)
        assert task is not None
        cancelling = task.cancelling()  # not 0 where an earlier handler of this worker had a failed group
        self._deadlines[task] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._cancel_late)
        try:
            await self._consumer(message)
        except asyncio.CancelledError as error:
            if task not in self._deadlines and task.cancelling() == cancelling + 1:
                raise TimeoutError(f"the handler took longer than {self._seconds:g} s") from error
            raise
        finally:
            if self._deadlines.pop(task, None) is None:
                task.uncancel()

    def _cancel_late(self) -> None:
        self._timer = None
        for task, deadline in list(self._deadlines.items()):
            if deadline > self._loop.time():
                self._timer = self._loop.call_at(deadline, self._cancel_late)
                break
            del self._deadlines[task]
            task.cancel()
