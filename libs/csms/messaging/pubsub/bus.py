"""The bus on Google Cloud Pub/Sub or its emulator. Only the ``pubsub`` modules know Pub/Sub."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from functools import partial

import grpc
from google.api_core.exceptions import AlreadyExists, NotFound
from google.auth.exceptions import DefaultCredentialsError
from google.pubsub_v1 import PublisherAsyncClient, SubscriberAsyncClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport

from libs.ocpp_messages.errors import Unparseable
from libs.ocpp_messages.event import DEAD_LETTER
from libs.ocpp_messages.message import Message

from ...clock import Clock, utc_now
from ...logs import describe
from ...settings import BadSetting
from ..bus import Consumer, Subscription, UnknownTopic
from ..delivery import Backoff
from .pull import Pull, PullOptions
from .subscriptions import UNDELIVERABLE, UPDATABLE, subscription_request
from .topic_publisher import TopicPublisher

log = logging.getLogger(__name__)

STREAM_CHANNELS = 4
"""A connection to Google carries 100 calls at once, and a gateway holds about 110 streams."""

CHANNEL_OPTIONS = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.use_local_subchannel_pool", 1),
]
KEEPALIVE = [("grpc.keepalive_time_ms", 30_000)]
"""Shows that a connection is dead. The emulator hangs up on a client that asks so often."""

EMULATOR_STREAM_LIFETIME = 15.0
"""Seconds. The emulator feeds the stream of a killed process until the deadline of that call."""


class PubSubBus:
    """Uses the emulator that ``PUBSUB_EMULATOR_HOST`` names, as Google's own libraries do.

    A message whose consumer raised stays leased to this process until its next attempt: were it refused,
    Pub/Sub would send all that followed it once more. Of a process that is killed, the messages come again
    when their leases end. Durations are in seconds.
    """

    def __init__(
        self,
        project: str,
        *,
        backoff: float = 1.0,
        max_backoff: float = 60.0,
        concurrency: int = 1_000,
        ack_deadline: int = 10,
        publish_timeout: float = 20.0,
        clock: Clock = utc_now,
    ) -> None:
        """``concurrency`` limits how many messages each call of ``consume`` has in work at once."""
        self._project = f"projects/{project}"
        self._publish_timeout = publish_timeout
        self._emulator = os.environ.get("PUBSUB_EMULATOR_HOST", "")
        self._options = PullOptions(
            concurrency=concurrency,
            ack_deadline=ack_deadline,
            stream_lifetime=EMULATOR_STREAM_LIFETIME if self._emulator else None,
            backoff=Backoff(backoff, max_backoff),
            clock=clock,
        )
        self._channels = [_channel(self._emulator) for _ in range(2 + STREAM_CHANNELS)]
        publishing, receiving, *streaming = self._channels
        self._publisher = PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(channel=publishing))
        self._subscriber = _subscriber(receiving)
        self._next_stream = itertools.cycle([_subscriber(channel) for channel in streaming])
        self._sending: dict[str, TopicPublisher] = {}
        """Only of topics for which something is on its way: those of gateways come and go."""

    async def publish(self, topic: str, message: Message) -> None:
        publisher = self._sending.get(topic)
        if publisher is None:
            publisher = self._sending[topic] = TopicPublisher(
                self._publisher,
                self._topic(topic),
                self._publish_timeout,
                on_idle=partial(self._sending.pop, topic),
            )
        await publisher.publish(message)

    async def consume(self, subscription: Subscription, consumer: Consumer) -> None:
        """Whoever consumes ``DeadLetter`` also makes dead letters of what Pub/Sub could not deliver."""
        pulls = [self._pull(subscription, consumer)]
        if subscription.topic == DEAD_LETTER.name:
            pulls.append(self._pull(UNDELIVERABLE, _refuse))
        # Tasks of their own, not to be cancelled with us: a pull has to end its stream in good order.
        tasks = [asyncio.create_task(pull.run()) for pull in pulls]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pull in pulls:
                pull.stop()
            await asyncio.wait(tasks)
            for task in tasks:
                if not task.cancelled() and (failure := task.exception()):
                    log.warning("%s: consuming ended: %s", subscription.name, describe(failure))
        for task in tasks:
            task.result()

    def _pull(self, subscription: Subscription, consumer: Consumer) -> Pull:
        path = f"{self._project}/subscriptions/{subscription.name}"
        streaming = next(self._next_stream)
        return Pull(self, self._subscriber, streaming, path, subscription, consumer, self._options)

    async def create_topic(self, topic: str) -> None:
        """With ``DeadLetter``, the topic and the subscription of undeliverable messages are created too."""
        try:
            await self._publisher.create_topic(name=self._topic(topic))
        except AlreadyExists:
            pass
        if topic == DEAD_LETTER.name:
            await self.create_topic(UNDELIVERABLE.topic)
            await self.create_subscription(UNDELIVERABLE)

    async def create_subscription(self, subscription: Subscription) -> None:
        """One that is there already gets the retention and the dead-letter policy of today."""
        request = subscription_request(
            self._project,
            subscription,
            self._options.ack_deadline,
            with_dead_letters=not self._emulator,
        )
        try:
            await self._subscriber.create_subscription(request)
        except AlreadyExists:
            if not subscription.temporary:
                await self._subscriber.update_subscription(
                    {"subscription": request, "update_mask": {"paths": UPDATABLE}}
                )
        except NotFound as error:
            raise UnknownTopic(subscription.topic) from error

    async def delete_topic(self, topic: str) -> None:
        try:
            await self._publisher.delete_topic(topic=self._topic(topic))
        except NotFound:
            pass

    async def delete_subscription(self, subscription: Subscription) -> None:
        path = f"{self._project}/subscriptions/{subscription.name}"
        try:
            await self._subscriber.delete_subscription(subscription=path)
        except NotFound:
            pass

    async def close(self) -> None:
        """Send what is still to be published, and disconnect. No ``consume`` may run any more."""
        for publisher in list(self._sending.values()):
            await publisher.close()
        for channel in self._channels:
            await channel.close()

    def _topic(self, topic: str) -> str:
        return f"{self._project}/topics/{topic}"


async def _refuse(message: Message) -> None:
    raise Unparseable("Pub/Sub has not moved this message here")


def _subscriber(channel: grpc.aio.Channel) -> SubscriberAsyncClient:
    return SubscriberAsyncClient(transport=SubscriberGrpcAsyncIOTransport(channel=channel))


def _channel(emulator: str) -> grpc.aio.Channel:
    if emulator:
        return grpc.aio.insecure_channel(emulator, CHANNEL_OPTIONS)
    try:
        return PublisherGrpcAsyncIOTransport.create_channel(options=[*CHANNEL_OPTIONS, *KEEPALIVE])
    except DefaultCredentialsError as error:
        raise BadSetting("no Google Cloud credentials, and no emulator in PUBSUB_EMULATOR_HOST") from error
