"""A bus for the tests of the device service that keeps published messages for inspection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from libs.csms.messaging.bus import UnknownTopic
from libs.csms.messaging.embedded import EmbeddedBus
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.message import Kind, Message


class RecordingBus(EmbeddedBus):
    """An embedded bus. Commands wait in ``sent`` too, as they do for a gateway."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[tuple[str, Message]] = []
        self.sent: asyncio.Queue[tuple[str, Message]] = asyncio.Queue()
        self.topics_gone: set[str] = set()
        self.user_service: Callable[[Message], Awaitable[None]] | None = None
        """Gets each AuthorizeRequest."""

    @property
    def events(self) -> list[Message]:
        return [message for _, message in self.published if message.kind is Kind.EVENT]

    async def publish(self, topic: str, message: Message) -> None:
        if topic in self.topics_gone:
            raise UnknownTopic(topic)
        self.published.append((topic, message))
        if message.kind is Kind.CALL and message.origin is Direction.TO_STATION:
            self.sent.put_nowait((topic, message))
        if topic == "AuthorizeRequest" and self.user_service is not None:
            await self.user_service(message)
        if topic in self._topics:
            await super().publish(topic, message)
