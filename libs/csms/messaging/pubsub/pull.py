"""Consuming a Pub/Sub subscription: one stream after another, each ended in good order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from google.api_core.exceptions import GoogleAPIError, NotFound
from google.pubsub_v1 import SubscriberAsyncClient, types

from libs.ocpp_messages.errors import Unparseable
from libs.ocpp_messages.message import Message

from ...clock import Clock, rfc3339
from ..bus import Bus, Consumer, Subscription, UnknownSubscription
from ..dead_letter import publish_dead_letter
from ..delivery import Backoff, Delivery, StationQueues, WorkerPool, is_cancelled
from .leases import Leases
from .subscriptions import ProcessesDied, Undeliverable

log = logging.getLogger(__name__)

MAX_OUTSTANDING_BYTES = 64 * 1024 * 1024
RECONNECT = Backoff(0.1, 10.0)
HALF_CLOSE_TIMEOUT = 5.0
"""Seconds for the server to finish a stream that we have ended."""


@dataclass(frozen=True)
class PullOptions:
    concurrency: int
    """How many messages one pull has in work at most."""
    ack_deadline: int
    """Seconds of a lease, which is extended as long as the message is in work."""
    stream_lifetime: float | None
    """Seconds after which a stream is ended and the next one opened; None: when the server ends it."""
    backoff: Backoff
    clock: Clock


class Pull:
    """One consumer of one subscription.

    ``unary`` is for single requests, ``streaming`` for the stream; ``path`` is the subscription's full name.
    Dead letters go to ``bus``. ``stop`` a pull, do not cancel it: a stream that is cancelled, rather than
    half-closed, goes on swallowing messages on the server, and they wait for the end of their leases.
    """

    def __init__(
        self,
        bus: Bus,
        unary: SubscriberAsyncClient,
        streaming: SubscriberAsyncClient,
        path: str,
        subscription: Subscription,
        consumer: Consumer,
        options: PullOptions,
    ) -> None:
        self._bus = bus
        self._streaming = streaming
        self._path = path
        self._subscription = subscription
        self._options = options
        self._leases = Leases(unary, path, options.ack_deadline)
        self._queues = StationQueues()
        self._workers = WorkerPool(
            bus,
            subscription,
            self._queues,
            consumer,
            lambda delivery: self._leases.acknowledge(delivery.key),
            size=options.concurrency,
            backoff=options.backoff,
            clock=options.clock,
        )
        self._half_close = asyncio.Event()

    def stop(self) -> None:
        self._queues.closed.set()
        self._half_close.set()

    async def run(self) -> None:
        """Until stopped. Raises ``UnknownSubscription`` when there is none, or no longer."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._workers.run())
            keeper = tasks.create_task(self._leases.keep())
            known = await self._receive(tasks)
            self.stop()
            keeper.cancel()
        if not known:
            raise UnknownSubscription(self._subscription.name)
        await self._leases.release()

    async def _receive(self, tasks: asyncio.TaskGroup) -> bool:
        """Until stopped. False if there is no such subscription."""
        clock = asyncio.get_running_loop().time
        failures = 0
        while not self._queues.closed.is_set():
            opened = clock()
            try:
                async for response in await self._open():
                    self._take(response, tasks)
            except NotFound:
                return False
            except GoogleAPIError as error:
                log.warning("%s: stream ended: %s", self._subscription.name, error)
            except asyncio.CancelledError:
                if is_cancelled():
                    raise
            except Exception:
                log.exception("%s: stream failed", self._subscription.name)
            finally:
                self._half_close.set()
            failures = 1 if clock() - opened > RECONNECT.longest else failures + 1
            await _wait_for(self._queues.closed, RECONNECT.after(failures))
        return True

    async def _open(self) -> Any:
        self._half_close = half_close = asyncio.Event()
        lifetime = self._options.stream_lifetime

        async def requests() -> AsyncIterator[types.StreamingPullRequest]:
            yield types.StreamingPullRequest(
                subscription=self._path,
                stream_ack_deadline_seconds=self._options.ack_deadline,
                max_outstanding_messages=self._options.concurrency,
                max_outstanding_bytes=MAX_OUTSTANDING_BYTES,
            )
            await _wait_for(half_close, lifetime)
            asyncio.get_running_loop().call_later(HALF_CLOSE_TIMEOUT, stream.cancel)

        stream: Any = await self._streaming.streaming_pull(
            requests=requests(),
            retry=None,
            timeout=lifetime + HALF_CLOSE_TIMEOUT if lifetime else None,
            metadata=[("x-goog-request-params", f"subscription={self._path}")],
        )
        return stream

    def _take(self, response: types.StreamingPullResponse, tasks: asyncio.TaskGroup) -> None:
        for received in types.StreamingPullResponse.pb(response).received_messages:
            is_new = self._leases.hold(received.message.message_id, received.ack_id)
            if is_new and not self._queues.closed.is_set():
                self._accept(received.message, tasks)

    def _accept(self, received: Any, tasks: asyncio.TaskGroup) -> None:
        attributes = dict(received.attributes)
        if self._subscription.gateway_id not in ("", attributes.get("gatewayId")):
            self._leases.acknowledge(received.message_id)  # The emulator knows no filters.
            return
        if undeliverable := Undeliverable.of(attributes):
            tasks.create_task(self._give_up(received, attributes, undeliverable, ProcessesDied()))
            return
        try:
            message = Message.of(received.data, attributes)
        except Unparseable as error:
            attempt = Undeliverable(self._subscription, attempts=1)
            tasks.create_task(self._give_up(received, attributes, attempt, error))
        else:
            self._queues.append(Delivery(message, received.message_id))

    async def _give_up(
        self, received: Any, attributes: dict[str, str], undeliverable: Undeliverable, error: Exception
    ) -> None:
        try:
            await publish_dead_letter(
                self._bus,
                undeliverable.subscription,
                received.data,
                attributes,
                attempts=undeliverable.attempts,
                error=error,
                sent_at=rfc3339(self._options.clock()),
            )
        except Exception:
            log.exception("%s: dead letter could not be published", self._subscription.name)
            self._leases.expire(received.message_id)
        else:
            self._leases.acknowledge(received.message_id)


async def _wait_for(event: asyncio.Event, timeout: float | None) -> None:
    """Returns after ``timeout`` seconds at the latest."""
    try:
        async with asyncio.timeout(timeout):
            await event.wait()
    except TimeoutError:
        return
