"""Consuming a Pub/Sub subscription: one stream after another, each ended in good order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from google.api_core.exceptions import GoogleAPIError, NotFound
from google.pubsub_v1 import SubscriberAsyncClient, types

from libs.ocpp_messages.errors import Unparseable
from libs.ocpp_messages.message import Message

from ...clock import rfc3339
from ..bus import Consumer, Subscription, UnknownSubscription
from ..dead_letter import bury
from ..delivery import Backoff, Crew, is_cancelled
from ..station_queues import Delivery, StationQueues
from .leases import Leases

if TYPE_CHECKING:
    from .bus import PubSubBus

log = logging.getLogger(__name__)

MAX_OUTSTANDING_BYTES = 64 * 1024 * 1024
RECONNECT = Backoff(0.1, 10.0)
PATIENCE = 5.0
"""Seconds for the server to finish a stream that we have ended."""


class Pull:
    """One consumer of one subscription.

    It is to be stopped, not cancelled: a stream that is cancelled, rather than ended, goes on swallowing
    messages on the server, and they wait for the end of their leases.
    """

    def __init__(
        self,
        bus: PubSubBus,
        streams: SubscriberAsyncClient,
        path: str,
        subscription: Subscription,
        consumer: Consumer,
    ) -> None:
        self._bus = bus
        self._streams = streams
        self._path = path
        self._subscription = subscription
        self._leases = Leases(bus.subscriber, path, bus.ack_deadline)
        self._queues = StationQueues()
        self._crew = Crew(
            bus,
            subscription,
            self._queues,
            consumer,
            lambda delivery: self._leases.acknowledge(delivery.key),
            size=bus.concurrency,
            backoff=bus.backoff,
            clock=bus.clock,
        )
        self._half_close = asyncio.Event()

    def stop(self) -> None:
        self._queues.closed.set()
        self._half_close.set()

    async def run(self) -> None:
        """Until stopped. Raises ``UnknownSubscription`` when there is none, or no longer."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._crew.work())
            keeper = tasks.create_task(self._leases.keep())
            known = await self._receive(tasks)
            self.stop()
            keeper.cancel()
        if not known:
            raise UnknownSubscription(self._subscription.name)
        await self._leases.give_back()

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
            await _happens(self._queues.closed, within=RECONNECT.after(failures))
        return True

    async def _open(self) -> Any:
        self._half_close = half_close = asyncio.Event()
        lifetime = self._bus.stream_lifetime

        async def requests() -> AsyncIterator[types.StreamingPullRequest]:
            yield types.StreamingPullRequest(
                subscription=self._path,
                stream_ack_deadline_seconds=self._bus.ack_deadline,
                max_outstanding_messages=self._bus.concurrency,
                max_outstanding_bytes=MAX_OUTSTANDING_BYTES,
            )
            await _happens(half_close, within=lifetime)
            asyncio.get_running_loop().call_later(PATIENCE, stream.cancel)

        stream: Any = await self._streams.streaming_pull(
            requests=requests(),
            retry=None,
            timeout=lifetime + PATIENCE if lifetime else None,
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
        try:
            message = Message.of(received.data, attributes)
        except Unparseable as error:
            tasks.create_task(self._bury(received, attributes, error))
        else:
            self._queues.append(Delivery(message, received.message_id))

    async def _bury(self, received: Any, attributes: dict[str, str], error: Unparseable) -> None:
        sent_at = rfc3339(self._bus.clock())
        try:
            await bury(
                self._bus,
                self._subscription,
                received.data,
                attributes,
                attempts=1,
                error=error,
                sent_at=sent_at,
            )
        except Exception:
            log.exception("%s: dead letter could not be published", self._subscription.name)
            self._leases.let_go(received.message_id)
        else:
            self._leases.acknowledge(received.message_id)


async def _happens(event: asyncio.Event, within: float | None) -> None:
    """Returns after these seconds at the latest."""
    try:
        async with asyncio.timeout(within):
            await event.wait()
    except TimeoutError:
        return
