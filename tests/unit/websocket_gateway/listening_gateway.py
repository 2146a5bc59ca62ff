"""A gateway that listens, and raw HTTP for what no WebSocket client would send."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from socket import create_server
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from libs.csms.clients.admission import Admission, Admit, RegistrationStatus
from libs.csms.clock import utc_now
from libs.csms.messaging.bus import Subscription
from services.websocket_gateway.context import GatewayContext, GatewayLimits
from services.websocket_gateway.routing import ByAction, Inbox
from services.websocket_gateway.server import GatewayServer

from .fake_csms import TOPICS, WAIT_TIMEOUT, BrokenBus, Reply, Tap

_numbers = itertools.count(1)


def admission(registration_status: RegistrationStatus = "Accepted") -> Admission:
    """With the next number, as the device service gives it."""
    return Admission(registration_status=registration_status, connection_number=next(_numbers))


async def everybody(station_id: str, authorization: str, tls: bool) -> Admission:
    return admission()


@dataclass
class ListeningGateway:
    """A running gateway. ``stop`` ends it as SIGTERM does."""

    number: int
    bus: BrokenBus
    tasks: asyncio.TaskGroup
    process: asyncio.Task[None]
    server: GatewayServer

    def connect(self, station: str = "CS1", *versions: str, **options: Any) -> connect:
        url = f"ws://127.0.0.1:{self.number}/ocpp/{station}"
        options = {"ping_interval": None, "compression": None, "proxy": None, **options}
        return connect(url, subprotocols=versions or ["ocpp2.0.1"], **options)  # type: ignore[arg-type]

    async def get(
        self, path: str, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], str]:
        """Status, headers with small names, and text of what an HTTP request gets."""
        lines = [f"GET {path} HTTP/1.1", "Host: x", *(f"{k}: {v}" for k, v in (headers or {}).items())]
        return _parsed(await self.raw("\r\n".join(lines).encode() + b"\r\n\r\n"))

    async def upgrade(self, path: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], str]:
        """The same for a handshake that leads to a connection, which then ends at once."""
        lines = [f"GET {path} HTTP/1.1", "Host: x", *(f"{k}: {v}" for k, v in headers.items())]
        reader, writer = await asyncio.open_connection("127.0.0.1", self.number)
        try:
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
            async with asyncio.timeout(WAIT_TIMEOUT):
                return _parsed(await reader.readuntil(b"\r\n\r\n"))
        finally:
            writer.close()

    async def raw(self, request: bytes) -> bytes:
        """What the port says until it hangs up."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.number)
        try:
            writer.write(request)
            async with asyncio.timeout(WAIT_TIMEOUT):
                return await reader.read()
        finally:
            writer.close()

    async def service(self, topic: str, reply: Reply) -> Tap:
        tap = Tap()
        subscription = Subscription(f"test.{topic}", topic)
        await self.bus.create_subscription(subscription)

        async def consume(message: Any) -> None:
            tap.messages.put_nowait(message)
            if answer := reply(message):
                await self.bus.publish(message.reply_to, answer)

        self._loops.append(self.tasks.create_task(self.bus.consume(subscription, consume)))
        return tap

    def __post_init__(self) -> None:
        self._loops: list[asyncio.Task[None]] = []

    async def stop(self) -> None:
        self.process.cancel()
        async with asyncio.timeout(2 * WAIT_TIMEOUT):
            await asyncio.wait([self.process])

    def end(self) -> None:
        for loop in (self.process, *self._loops):
            loop.cancel()


def _parsed(response: bytes) -> tuple[int, dict[str, str], str]:
    head, _, body = response.decode().partition("\r\n\r\n")
    status, *fields = head.split("\r\n")
    named = {k.lower(): v for k, _, v in (field.partition(": ") for field in fields)}
    return int(status.split()[1]), named, body


UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "ocpp2.0.1",
}


@asynccontextmanager
async def listening_gateway(
    admit: Admit = everybody,
    limits: GatewayLimits | None = None,
    routing: type[ByAction | Inbox] = ByAction,
    prefixes: tuple[str, ...] = ("/ocpp/",),
    **door: Any,
) -> AsyncIterator[ListeningGateway]:
    """``door`` are other fields of its context."""
    bus = BrokenBus()
    for topic in TOPICS:
        await bus.create_topic(topic)
    context = GatewayContext(bus, routing("gw0"), utc_now, limits or GatewayLimits(), prefixes, **door)
    server = GatewayServer(admit, context)
    listener, started = create_server(("127.0.0.1", 0)), asyncio.Event()
    number = int(listener.getsockname()[1])
    async with asyncio.TaskGroup() as tasks:
        process = tasks.create_task(server.run(listener, started.set))
        await started.wait()
        gateway = ListeningGateway(number, bus, tasks, process, server)
        try:
            yield gateway
        finally:
            gateway.end()


async def closed(station: ClientConnection) -> tuple[int | None, str | None]:
    """Wait until the connection is closed. Its code and reason."""
    async with asyncio.timeout(WAIT_TIMEOUT):
        await station.wait_closed()
    return station.close_code, station.close_reason
