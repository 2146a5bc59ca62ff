"""Publishing to one topic of Pub/Sub: batches, order and retries."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from google.api_core import exceptions
from google.api_core.retry_async import AsyncRetry, if_exception_type
from google.pubsub_v1 import PublisherAsyncClient, types

from libs.ocpp_messages.message import Message

from ..bus import UnknownTopic

MAX_MESSAGES_PER_REQUEST = 1_000
MAX_BYTES_PER_REQUEST = 4 * 1024 * 1024
REQUEST_TIMEOUT = 10.0
"""Seconds for one try of one request."""

TRANSIENT_ERRORS = if_exception_type(
    exceptions.Aborted,
    exceptions.Cancelled,
    exceptions.DeadlineExceeded,
    exceptions.InternalServerError,
    exceptions.ResourceExhausted,
    exceptions.ServiceUnavailable,
    exceptions.Unknown,
)

_Waiting = tuple[types.PubsubMessage, asyncio.Future[None]]


class TopicPublisher:
    """Sends the messages for one topic, one request at a time, so that they arrive in their order. What is
    published during a request shares the next one.

    ``topic`` is its full name. ``timeout`` is in seconds, for all the tries of one request. ``on_idle`` is
    called when nothing is left to send.
    """

    def __init__(
        self, client: PublisherAsyncClient, topic: str, timeout: float, on_idle: Callable[[], object]
    ) -> None:
        self._client = client
        self._topic = topic
        self._on_idle = on_idle
        self._retry = AsyncRetry(TRANSIENT_ERRORS, initial=0.1, maximum=5.0, multiplier=2.0, timeout=timeout)
        self._waiting: deque[_Waiting] = deque()
        self._sender: asyncio.Task[None] | None = None

    async def publish(self, message: Message) -> None:
        """Returns when the server has the message. Raises ``UnknownTopic``, or the error of the last try."""
        published = asyncio.get_running_loop().create_future()
        outgoing = types.PubsubMessage.pb()(
            data=message.data, attributes=message.attributes(), ordering_key=message.station_id
        )
        self._waiting.append((outgoing, published))
        if self._sender is None:
            # A task of its own: others wait for the same request, and it goes on when this caller gives up.
            self._sender = asyncio.create_task(self._send_all())
        await published

    async def close(self) -> None:
        """Returns when everything is sent or has failed."""
        if self._sender is not None:
            await asyncio.wait({self._sender})

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                await self._send(self._next_batch())
        finally:
            self._sender = None
            self._on_idle()

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._waiting and len(batch) < MAX_MESSAGES_PER_REQUEST:
            size += len(self._waiting[0][0].data)
            if batch and size > MAX_BYTES_PER_REQUEST:
                break
            batch.append(self._waiting.popleft())
        return batch

    async def _send(self, batch: list[_Waiting]) -> None:
        request = types.PublishRequest.pb()(topic=self._topic, messages=[message for message, _ in batch])
        try:
            await self._client.publish(
                types.PublishRequest.wrap(request), retry=self._retry, timeout=REQUEST_TIMEOUT
            )
        except Exception as error:
            await self._fail(batch, error)
        else:
            for _, published in batch:
                if not published.done():
                    published.set_result(None)

    async def _fail(self, batch: list[_Waiting], error: Exception) -> None:
        if isinstance(error, exceptions.InvalidArgument) and len(batch) > 1:
            # The server refuses one message, such as one with too long an attribute, and with it the request.
            for waiting in batch:
                await self._send([waiting])
            return
        for _, published in batch:
            if not published.done():
                unknown = isinstance(error, exceptions.NotFound)
                published.set_exception(UnknownTopic(self._topic) if unknown else error)
