"""From the queues of a subscription to its consumer, inside one process: order, attempts and back-off."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from libs.ocpp_messages.errors import Unparseable
from libs.ocpp_messages.message import Message

from ..clock import Clock, rfc3339
from .bus import MAX_ATTEMPTS, Bus, Consumer, Subscription
from .dead_letter import publish_dead_letter

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Backoff:
    """How long to wait after so many failures: the double each time."""

    first: float
    """Seconds to wait after the first failure."""
    longest: float
    """Seconds that no pause exceeds."""

    def after(self, failures: int) -> float:
        return min(self.first * 2.0 ** min(failures - 1, 32), self.longest)


@dataclass(slots=True, eq=False)
class Delivery:
    message: Message
    key: str = ""
    """By what the bus knows the message, where it needs to."""
    failures: int = 0
    """How many attempts have failed."""


class StationQueues:
    """The messages of one subscription that wait in this process. Those of a station are taken one by one.

    While a station has an entry in ``_waiting``, either it stands in ``_ready``, or a worker has taken one of
    its messages; never both.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.closed = asyncio.Event()
        self._waiting: dict[str, deque[Delivery]] = {}
        self._ready: deque[str] = deque()
        self._idle: deque[asyncio.Future[None]] = deque()
        """Of workers that wait for a station to be ready."""

    def append(self, delivery: Delivery) -> None:
        station_id = delivery.message.station_id
        waiting = self._waiting.get(station_id)
        if waiting is not None:
            waiting.append(delivery)
            return
        self._waiting[station_id] = deque((delivery,))
        self._set_ready(station_id)

    def appendleft(self, delivery: Delivery) -> None:
        """Before the younger messages of its station."""
        waiting = self._waiting.get(delivery.message.station_id)
        if waiting is None:
            self.append(delivery)
        else:
            waiting.appendleft(delivery)

    async def take(self) -> Delivery:
        """The next message of a station that no worker has. ``release`` the station afterwards."""
        while not self._ready:
            idle = self._loop.create_future()
            self._idle.append(idle)
            try:
                await idle
            except asyncio.CancelledError:
                if not idle.cancelled():  # woken, so that another one has to take what is ready
                    self._wake()
                raise
        return self._waiting[self._ready.popleft()].popleft()

    def release(self, station_id: str) -> None:
        if self._waiting[station_id]:
            self._set_ready(station_id)
        else:
            del self._waiting[station_id]

    def _set_ready(self, station_id: str) -> None:
        self._ready.append(station_id)
        self._wake()

    def _wake(self) -> None:
        while self._idle:
            idle = self._idle.popleft()
            if not idle.done():
                idle.set_result(None)
                return


class WorkerPool:
    """The tasks that feed one consumer: as many as have something to do, and one that waits for more.

    ``acknowledge`` is called with every delivery that is done with, also with one that became a dead letter.
    At most ``size`` deliveries are in work at once.
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

    async def run(self) -> None:
        """Until the queues are closed. What a consumer has in work then, or on cancellation, is put back."""
        async with asyncio.TaskGroup() as tasks:
            self._spawn(tasks)
            await self._queues.closed.wait()
            for worker in self._workers:
                worker.cancel()

    def _spawn(self, tasks: asyncio.TaskGroup) -> None:
        self._workers.append(tasks.create_task(self._work(tasks)))
        self._idle += 1

    async def _work(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            delivery = await self._queues.take()
            self._idle -= 1
            if not self._idle and len(self._workers) < self._size:
                self._spawn(tasks)
            try:
                await self._consumer(delivery.message)
            except (Exception, asyncio.CancelledError) as error:
                if is_cancelled():
                    self._queues.appendleft(delivery)
                    raise
                await self._record_failure(delivery, error)
            else:
                self._acknowledge(delivery)
            finally:
                self._queues.release(delivery.message.station_id)
            del delivery  # an idle worker would hold its last message, which may be a megabyte
            self._idle += 1

    async def _record_failure(self, delivery: Delivery, error: BaseException) -> None:
        """Called while ``error`` is handled."""
        log.exception(
            "%s: %s failed",
            self._subscription.name,
            delivery.message.action,
            extra={"stationId": delivery.message.station_id},
        )
        delivery.failures += 1
        if isinstance(error, Unparseable) or delivery.failures >= MAX_ATTEMPTS:
            try:
                return await self._publish_dead_letter(delivery, error)
            except Exception:
                log.exception("%s: dead letter could not be published", self._subscription.name)
        delay = self._backoff.after(delivery.failures)
        asyncio.get_running_loop().call_later(delay, self._queues.appendleft, delivery)

    async def _publish_dead_letter(self, delivery: Delivery, error: BaseException) -> None:
        message = delivery.message
        await publish_dead_letter(
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
