"""An operator who sends commands by REST, and the gateway that gets them from the bus."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import msgspec

from libs.csms.clock import rfc3339
from libs.csms.messaging.bus import UnknownTopic
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.device.commands.open_commands import look_after
from services.device.connection import Connection
from services.device.model import Station
from services.device.service import Device, router

from .rest import client_of
from .station import NOW, StoppedClock, after


class Operator:
    """Its own gateway too: what was published waits in ``sent``, with the topic."""

    def __init__(self, device: Device, clock: StoppedClock) -> None:
        self.device = replace(device, bus=self)  # type: ignore[arg-type]
        self.events: list[Message] = []
        self.clock = clock
        self.sent: asyncio.Queue[tuple[str, Message]] = asyncio.Queue()
        self.topics_gone: set[str] = set()
        self.http = httpx.AsyncClient()

    async def publish(self, topic: str, message: Message) -> None:
        if topic in self.topics_gone:
            raise UnknownTopic(topic)
        if message.kind is Kind.EVENT:
            self.events.append(message)
        else:
            self.sent.put_nowait((topic, message))

    async def connected(
        self, version: Version = Version.V201, id: str = "CS1", connection_id: str = "1", **fields: Any
    ) -> None:
        """A booted station that is connected."""
        station = Station(id=id, last_boot=NOW, accepted_at=NOW, inventory_of="")
        await self.device.stations.update(id, lambda _: station)
        connection = Connection(
            station_id=id,
            connection_id=connection_id,
            gateway_id="g1",
            ocpp_version=version,
            connected=True,
            connected_at=self.clock(),
        )
        await self.device.connections.update(id, lambda _: connection.model_copy(update=fields))

    async def away(self, id: str = "CS1") -> None:
        update = {"connected": False, "disconnected_at": self.clock()}
        await self.device.connections.update(
            id, lambda known: (known or Connection(station_id=id)).model_copy(update=update)
        )

    async def post(self, action: str, payload: Any = None, id: str = "CS1", **options: Any) -> httpx.Response:
        """``options`` are query parameters, ``key`` the idempotency key. Does not wait unless told to."""
        key = options.pop("key", None)
        return await self.http.post(
            f"/chargingstations/{id}/commands/{action}",
            content=payload if isinstance(payload, bytes) else json.dumps(payload or {}).encode(),
            params={"wait": 0} | options,
            headers={"Idempotency-Key": key} if key else {},
        )

    async def command(self, id: str) -> Any:
        answer = await self.http.get(f"/commands/{id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def next(self) -> Message:
        """The next command that reached the gateway."""
        async with asyncio.timeout(3):
            return (await self.sent.get())[1]

    async def answer(self, command: Message, payload: dict[str, Any]) -> None:
        await self.reply(
            msgspec.structs.replace(command, kind=Kind.RESULT, data=json.dumps(payload).encode(), reply_to="")
        )

    async def refuse(self, command: Message, code: ErrorCode, description: str, **details: Any) -> None:
        await self.reply(command.error(CallError(code, description, details), rfc3339(self.clock())))

    async def reply(self, answer: Message) -> None:
        await router.handle(answer, self, self.device, self.clock)  # type: ignore[arg-type]

    async def look_after(self, seconds: float) -> None:
        """What every replica does every few seconds, so many seconds after the beginning of the test."""
        self.clock.at = after(seconds)
        await look_after(self.device)


@asynccontextmanager
async def operating(device: Device, clock: StoppedClock) -> AsyncIterator[Operator]:
    operator = Operator(device, clock)
    async with client_of(operator.device) as operator.http:
        yield operator
