"""From the queues of a subscription to its consumer, inside one process: attempts, back-off, dead letters."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from libs.ocpp_messages.errors import Unparseable

from ..clock import Clock, rfc3339
from .bus import MAX_ATTEMPTS, Bus, Consumer, Subscription
from .dead_letter import bury
from .station_queues import Delivery, StationQueues

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Backoff:
    """Seconds to wait after so many failures: the double each time, up to ``longest``."""

    first: float
    longest: float

    def after(self, failures: int) -> float:
        return min(self.first * 2.0 ** min(failures - 1, 32), self.longest)


class Crew:
    """The tasks that feed one consumer: as many as have something to do, and one that waits for more.

    ``acknowledge`` is told of every delivery that is done with, be it as a dead letter.
    """

    def __init__(
        self,
        bus: Bus,
        subscription: Subscription,
        queues: StationQueues,
        consumer: Consumer,
        acknowledge: Callable[[Delivery], None],
        *,
        size: int,
        backoff: Backoff,
        clock: Clock,
    ) -> None:
        self._bus = bus
        self._subscription = subscription
        self._queues = queues
        self._consumer = consumer
        self._acknowledge = acknowledge
        self._size = size
        self._backoff = backoff
        self._clock = clock
        self._workers: list[asyncio.Task[None]] = []
        self._idle = 0

    async def work(self) -> None:
        """Until the queues are closed. What is in a consumer's hands then or on cancellation is put back."""
        async with asyncio.TaskGroup() as tasks:
            self._hire(tasks)
            await self._queues.closed.wait()
            for worker in self._workers:
                worker.cancel()

    def _hire(self, tasks: asyncio.TaskGroup) -> None:
        self._workers.append(tasks.create_task(self._work(tasks)))
        self._idle += 1

    async def _work(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            delivery = await self._queues.take()
            self._idle -= 1
            if not self._idle and len(self._workers) < self._size:
                self._hire(tasks)
            try:
                await self._deliver(delivery)
            finally:
                self._queues.release(delivery.message.station_id)
            self._idle += 1

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            await self._consumer(delivery.message)
        except (Exception, asyncio.CancelledError) as error:
            if is_cancelled():
                self._queues.appendleft(delivery)
                raise
            log.exception(
                "%s: %s failed",
                self._subscription.name,
                delivery.message.action,
                extra={"stationId": delivery.message.station_id},
            )
            await self._failed(delivery, error)
        else:
            self._acknowledge(delivery)

    async def _failed(self, delivery: Delivery, error: BaseException) -> None:
        delivery.failures += 1
        if isinstance(error, Unparseable) or delivery.failures >= MAX_ATTEMPTS:
            try:
                return await self._bury(delivery, error)
            except Exception:
                log.exception("%s: dead letter could not be published", self._subscription.name)
        delay = self._backoff.after(delivery.failures)
        asyncio.get_running_loop().call_later(delay, self._queues.appendleft, delivery)

    async def _bury(self, delivery: Delivery, error: BaseException) -> None:
        message = delivery.message
        await bury(
            self._bus,
            self._subscription,
            message.data,
            message.attributes(),
            attempts=delivery.failures,
            error=error,
            sent_at=rfc3339(self._clock()),
        )
        self._acknowledge(delivery)


def is_cancelled() -> bool:
    """Whether this task is to end. ``CancelledError`` alone does not say: what it awaits may raise it."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
