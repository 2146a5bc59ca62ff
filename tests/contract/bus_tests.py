"""What the tests of a bus share: a topic with its subscriptions, messages, and consumers that keep them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from libs.csms.messaging.bus import Bus, Consumer, Subscription
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.event import DEAD_LETTER, DeadLetter
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

TOPIC = "BootNotificationRequest"
DEVICE = Subscription("device.BootNotificationRequest", TOPIC)
CONSOLE = Subscription("console.BootNotificationRequest", TOPIC)
DEAD_LETTERS = Subscription("test.DeadLetter", DEAD_LETTER.name)

BACKOFF = 0.05
TIMEOUT = 20.0
"""Seconds until a test gives up."""


async def prepare(bus: Bus) -> None:
    await bus.create_topic(TOPIC)
    await bus.create_topic(DEAD_LETTER.name)
    for subscription in (DEVICE, CONSOLE, DEAD_LETTERS):
        await bus.create_subscription(subscription)


def call(station_id: str = "CS-1", message_id: str = "1", gateway_id: str = "") -> Message:
    return Message(
        data=b'{"reason":"PowerUp"}',
        message_id=message_id,
        station_id=station_id,
        action="BootNotification",
        kind=Kind.CALL,
        sent_at="2026-11-20T18:00:00.000Z",
        origin=Direction.FROM_STATION,
        ocpp_version=Version.V201,
        gateway_id=gateway_id,
        connection_id="019a-c",
        reply_to="BootNotificationResponse",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )


def boot(message_id: str, *, reply_to: str, gateway_id: str = "") -> Message:
    """A call that a handler can decode."""
    request = b'{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}'
    return msgspec.structs.replace(
        call(message_id=message_id, gateway_id=gateway_id), data=request, reply_to=reply_to
    )


class Inbox:
    """A consumer that keeps what it gets."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._changed = asyncio.Event()

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)
        self._changed.set()

    @property
    def ids(self) -> list[str]:
        return [message.message_id for message in self.messages]

    async def until(self, *message_ids: str, timeout: float = TIMEOUT) -> None:
        """Returns when all of these have come. The timeout is in seconds."""
        async with asyncio.timeout(timeout):
            while not set(message_ids) <= set(self.ids):
                self._changed.clear()
                await self._changed.wait()

    async def until_more_than(self, count: int) -> None:
        async with asyncio.timeout(TIMEOUT):
            while len(self.messages) <= count:
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def consuming(bus: Bus, subscription: Subscription, consumer: Consumer) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(bus.consume(subscription, consumer))
        yield
        task.cancel()


async def dead_letter(inbox: Inbox, message_id: str = "1") -> DeadLetter:
    await inbox.until(message_id)
    return DEAD_LETTER.decode(inbox.messages[inbox.ids.index(message_id)].data)
