"""The bus inside one process and one event loop: no I/O, and nothing outlives the process."""

from __future__ import annotations

from libs.ocpp_messages.message import Message

from ..clock import Clock, utc_now
from .bus import Consumer, Subscription, UnknownSubscription, UnknownTopic
from .delivery import Backoff, Delivery, StationQueues, WorkerPool


class EmbeddedBus:
    """``publish`` never yields to the event loop. ``backoff`` and ``max_backoff`` are in seconds."""

    def __init__(
        self,
        *,
        backoff: float = 0.5,
        max_backoff: float = 30.0,
        concurrency: int = 1_000,
        clock: Clock = utc_now,
    ) -> None:
        """``concurrency`` limits how many messages each call of ``consume`` has in work at once."""
        self._backoff = Backoff(backoff, max_backoff)
        self._concurrency = concurrency
        self._clock = clock
        self._topics: dict[str, list[tuple[str, StationQueues]]] = {}
        self._queues: dict[str, StationQueues] = {}

    async def publish(self, topic: str, message: Message) -> None:
        subscribers = self._topics.get(topic)
        if subscribers is None:
            raise UnknownTopic(topic)
        for gateway_id, queues in subscribers:
            if not gateway_id or gateway_id == message.gateway_id:
                queues.append(Delivery(message))

    async def consume(self, subscription: Subscription, consumer: Consumer) -> None:
        queues = self._queues.get(subscription.name)
        if queues is not None:
            workers = WorkerPool(
                self,
                subscription,
                queues,
                consumer,
                _acknowledge,
                size=self._concurrency,
                backoff=self._backoff,
                clock=self._clock,
            )
            await workers.run()
        raise UnknownSubscription(subscription.name)

    async def create_topic(self, topic: str) -> None:
        self._topics.setdefault(topic, [])

    async def create_subscription(self, subscription: Subscription) -> None:
        if subscription.topic not in self._topics:
            raise UnknownTopic(subscription.topic)
        if subscription.name not in self._queues:
            queues = self._queues[subscription.name] = StationQueues()
            self._topics[subscription.topic].append((subscription.gateway_id, queues))

    async def delete_topic(self, topic: str) -> None:
        self._topics.pop(topic, None)

    async def delete_subscription(self, subscription: Subscription) -> None:
        queues = self._queues.pop(subscription.name, None)
        if queues is None:
            return
        queues.closed.set()
        subscribers = self._topics.get(subscription.topic)
        if subscribers is not None:
            self._topics[subscription.topic] = [each for each in subscribers if each[1] is not queues]


def _acknowledge(delivery: Delivery) -> None:
    """Nothing is to be done: a message in work is in no queue."""
