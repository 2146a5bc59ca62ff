"""Tells the services what happened in the past, as a gateway would have told it: by messages on the bus."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count
from typing import Any

import msgspec

from libs.csms.clock import rfc3339
from libs.csms.messaging.bus import Bus
from libs.csms.messaging.gateway_topics import inbox_of, inbox_topics_of
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import EventData, StationConnected
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.simulator.connection import Refused
from services.simulator.messages import Request

GATEWAY = "demo-past"

ANSWER_TIMEOUT = 60.0
"""Seconds of today. Without an answer for so long, the past cannot be told."""


class MovedClock:
    """Says the time that it was last moved to."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


class PastGateway:
    """A gateway without sockets, whose messages say when it received them."""

    def __init__(self, bus: Bus, number_connection: Callable[[str, str], Awaitable[int]]) -> None:
        self._bus = bus
        self._number_connection = number_connection
        self._numbers = count(1)
        self._pending: dict[str, asyncio.Future[Message]] = {}

    @asynccontextmanager
    async def consuming(self) -> AsyncIterator[None]:
        """Answers arrive while the block lasts."""
        topics = inbox_topics_of(GATEWAY)
        await topics.create(self._bus)
        async with asyncio.TaskGroup() as tasks:
            loops = [tasks.create_task(self._bus.consume(one, self._receive)) for one in topics.subscriptions]
            yield
            for loop in loops:
                loop.cancel()
        await topics.delete(self._bus)

    async def connect(
        self, station_id: str, version: Version, secret: str, address: str, at: datetime
    ) -> PastConnection:
        """Raises ``NotAdmitted``."""
        basic = f"Basic {b64encode(f'{station_id}:{secret}'.encode()).decode()}" if secret else ""
        number = await self._number_connection(station_id, basic)
        connection = PastConnection(self, station_id, version, f"{number:013x}-past")
        await connection.announce(StationConnected(remote_address=address, inbox=inbox_of(GATEWAY)), at)
        return connection

    async def publish_unreadable(self, station_id: str, version: Version, at: datetime) -> None:
        """As another program on the bus might: no gateway lets this through. It becomes a dead letter."""
        message = Message(
            data=b'{"meterValue": "see attachment"}',
            message_id=self.next_message_id(),
            station_id=station_id,
            action="MeterValues",
            kind=Kind.SEND,
            sent_at=rfc3339(at),
            origin=Direction.FROM_STATION,
            ocpp_version=version,
        )
        await self.publish("MeterValuesRequest", message)

    async def ask(self, message: Message) -> Message:
        """The answer to a message of a station. Raises ``TimeoutError``."""
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._pending[message.message_id] = answer
        try:
            await self.publish(f"{message.action}Request", message)
            async with asyncio.timeout(ANSWER_TIMEOUT):
                return await answer
        finally:
            del self._pending[message.message_id]

    async def publish(self, topic: str, message: Message) -> None:
        await self._bus.publish(topic, message)

    def next_message_id(self) -> str:
        return f"past-{next(self._numbers)}"

    async def _receive(self, message: Message) -> None:
        pending = self._pending.get(message.message_id)
        if message.kind in (Kind.RESULT, Kind.ERROR) and pending is not None and not pending.done():
            pending.set_result(message)


class PastConnection:
    """One WebSocket that a station once had."""

    def __init__(self, gateway: PastGateway, station_id: str, version: Version, id: str) -> None:
        self._gateway = gateway
        self._station_id = station_id
        self._version = version
        self._id = id

    async def call(self, request: Request, at: datetime) -> Any:
        """The typed response to what the station sent then. Raises ``Refused``."""
        message = self._message(
            action=request.action.name,
            data=encode(request.payload),
            at=at,
            kind=Kind.CALL,
            reply_to=inbox_of(GATEWAY),
        )
        answer = await self._gateway.ask(message)
        if answer.kind is Kind.ERROR:
            raise Refused(answer.error_code, answer.error_description)
        return msgspec.json.decode(answer.data, type=request.action.response, strict=False)

    async def announce(self, event: EventData, at: datetime) -> None:
        name = type(event).__name__
        message = self._message(action=name, data=encode(event), at=at, kind=Kind.EVENT, reply_to="")
        await self._gateway.publish(name, message)

    def _message(self, *, action: str, data: bytes, at: datetime, kind: Kind, reply_to: str) -> Message:
        return Message(
            data=data,
            message_id=self._gateway.next_message_id(),
            station_id=self._station_id,
            action=action,
            kind=kind,
            sent_at=rfc3339(at),
            origin=Direction.FROM_STATION,
            ocpp_version=self._version,
            gateway_id=GATEWAY,
            connection_id=self._id,
            reply_to=reply_to,
        )
