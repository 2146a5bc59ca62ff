"""The bus on Google Cloud Pub/Sub or its emulator. Only the ``pubsub`` modules know Pub/Sub."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from datetime import timedelta

import grpc
from google.api_core.exceptions import AlreadyExists, NotFound
from google.auth.exceptions import DefaultCredentialsError
from google.pubsub_v1 import PublisherAsyncClient, SubscriberAsyncClient, types
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport

from libs.ocpp_messages.message import Message

from ...clock import Clock, utc_now
from ...settings import BadSetting
from ..bus import Consumer, Subscription, UnknownTopic
from ..delivery import Backoff
from .outbox import Outbox
from .pull import Pull

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

DAY = timedelta(days=1)
TEN_MINUTES = timedelta(minutes=10)


class PubSubBus:
    """Uses the emulator that ``PUBSUB_EMULATOR_HOST`` names, as Google's own libraries do.

    A message whose consumer raised stays leased to this process until its next attempt: Pub/Sub counts no
    attempts for us, and would send all that followed it once more. Of a process that is killed, the messages
    come again when their leases end. Durations are in seconds.
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
        """``concurrency`` limits how many messages each call of ``consume`` has in hand at once."""
        self.backoff = Backoff(backoff, max_backoff)
        self.concurrency = concurrency
        self.ack_deadline = ack_deadline
        self.clock = clock
        self._project = f"projects/{project}"
        self._publish_timeout = publish_timeout
        emulator = os.environ.get("PUBSUB_EMULATOR_HOST")
        self.stream_lifetime = EMULATOR_STREAM_LIFETIME if emulator else None
        self._channels = [_channel(emulator) for _ in range(2 + STREAM_CHANNELS)]
        publishing, receiving, *streaming = self._channels
        self._publisher = PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(channel=publishing))
        self.subscriber = _subscriber(receiving)
        self._next_stream = itertools.cycle([_subscriber(channel) for channel in streaming])
        self._outboxes: dict[str, Outbox] = {}

    async def publish(self, topic: str, message: Message) -> None:
        outbox = self._outboxes.get(topic)
        if outbox is None:
            outbox = self._outboxes[topic] = Outbox(
                self._publisher, self._topic(topic), self._publish_timeout
            )
        await outbox.publish(message)

    async def consume(self, subscription: Subscription, consumer: Consumer) -> None:
        path = self._subscription(subscription.name)
        pull = Pull(self, next(self._next_stream), path, subscription, consumer)
        # A task of its own, not to be cancelled with us: a pull has to end its stream in good order.
        task = asyncio.create_task(pull.run())
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            pull.stop()
            await asyncio.wait({task})
            if not task.cancelled() and (failure := task.exception()):
                log.warning("%s failed while it was ended: %s", subscription.name, failure)
            raise

    async def create_topic(self, topic: str) -> None:
        try:
            await self._publisher.create_topic(name=self._topic(topic))
        except AlreadyExists:
            pass

    async def create_subscription(self, subscription: Subscription) -> None:
        request = types.Subscription(
            name=self._subscription(subscription.name),
            topic=self._topic(subscription.topic),
            ack_deadline_seconds=self.ack_deadline,
            enable_message_ordering=True,
            expiration_policy=types.ExpirationPolicy(ttl=DAY if subscription.temporary else None),
        )
        if subscription.gateway_id:
            request.filter = f'attributes.gatewayId = "{subscription.gateway_id}"'
        if subscription.temporary:
            request.message_retention_duration = TEN_MINUTES
        try:
            await self.subscriber.create_subscription(request)
        except AlreadyExists:
            pass
        except NotFound as error:
            raise UnknownTopic(subscription.topic) from error

    async def delete_topic(self, topic: str) -> None:
        try:
            await self._publisher.delete_topic(topic=self._topic(topic))
        except NotFound:
            pass

    async def delete_subscription(self, subscription: Subscription) -> None:
        try:
            await self.subscriber.delete_subscription(subscription=self._subscription(subscription.name))
        except NotFound:
            pass

    async def close(self) -> None:
        """Send what is still to be published, and disconnect. No ``consume`` may run any more."""
        for outbox in self._outboxes.values():
            await outbox.close()
        for channel in self._channels:
            await channel.close()

    def _topic(self, topic: str) -> str:
        return f"{self._project}/topics/{topic}"

    def _subscription(self, name: str) -> str:
        return f"{self._project}/subscriptions/{name}"


def _subscriber(channel: grpc.aio.Channel) -> SubscriberAsyncClient:
    return SubscriberAsyncClient(transport=SubscriberGrpcAsyncIOTransport(channel=channel))


def _channel(emulator: str | None) -> grpc.aio.Channel:
    if emulator:
        return grpc.aio.insecure_channel(emulator, CHANNEL_OPTIONS)
    try:
        return PublisherGrpcAsyncIOTransport.create_channel(options=[*CHANNEL_OPTIONS, *KEEPALIVE])
    except DefaultCredentialsError as error:
        raise BadSetting("no Google Cloud credentials, and no emulator in PUBSUB_EMULATOR_HOST") from error
