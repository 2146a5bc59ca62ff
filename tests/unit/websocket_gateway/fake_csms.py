"""Gateways on the embedded bus, with stations that have no socket and services that are functions."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from libs.csms.clients.admission import RegistrationStatus
from libs.csms.clock import Clock, utc_now
from libs.csms.messaging.bus import Subscription
from libs.csms.messaging.embedded import EmbeddedBus
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.catalogue import (
    COMMAND_REQUEST_TOPICS,
    COMMAND_RESPONSE_TOPICS,
    STATION_REQUEST_TOPICS,
    STATION_RESPONSE_TOPICS,
)
from libs.ocpp_messages.event import EVENTS
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.websocket_gateway.connection import Admitted, Connection, Disconnected, Fence
from services.websocket_gateway.context import GatewayContext, GatewayLimits
from services.websocket_gateway.gateway import Gateway
from services.websocket_gateway.registration import Registration
from services.websocket_gateway.routing import ByAction, Inbox

TOPICS = {
    *STATION_REQUEST_TOPICS,
    *STATION_RESPONSE_TOPICS,
    *COMMAND_REQUEST_TOPICS,
    *COMMAND_RESPONSE_TOPICS,
    *(event.name for event in EVENTS),
}
WAIT_TIMEOUT = 10.0
"""Seconds after which a test fails that waits for something."""
CURRENT_TIME = {"currentTime": "2026-11-20T18:12:00Z"}
BOOTED = {**CURRENT_TIME, "interval": 300, "status": "Accepted"}

Reply = Callable[[Message], Message | None]


def result(payload: dict[str, Any]) -> Reply:
    """A service that answers every call with the same payload."""
    return lambda call: msgspec.structs.replace(
        call, kind=Kind.RESULT, data=json.dumps(payload).encode(), reply_to=""
    )


def silence(call: Message) -> None:
    """A service that answers nothing."""


def command_over(station: Message, action: str, payload: dict[str, Any], id: str = "c1") -> Message:
    """A command over the connection that ``station``, a message of it, came from."""
    return Message(
        data=json.dumps(payload).encode(),
        message_id=id,
        station_id=station.station_id,
        action=action,
        kind=Kind.CALL,
        sent_at="2026-11-20T18:12:00.000Z",
        origin=Direction.TO_STATION,
        ocpp_version=station.ocpp_version,
        gateway_id=station.gateway_id,
        connection_id=station.connection_id,
        reply_to=f"{action}Response",
    )


class BrokenBus(EmbeddedBus):
    """Cannot publish to the topics in ``broken``, and never ends publishing to those in ``stuck``."""

    def __init__(self) -> None:
        super().__init__()
        self.broken: set[str] = set()
        self.stuck: set[str] = set()
        self.published: list[str] = []
        """The topics, in the order of publishing, but for signs of life."""

    async def publish(self, topic: str, message: Message) -> None:
        if topic in self.broken:
            raise ConnectionError("no bus")
        if topic in self.stuck:
            await asyncio.Event().wait()
        if topic != "GatewayAlive":
            self.published.append(topic)
        await super().publish(topic, message)


class Tap:
    """What came over one topic."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()

    async def next(self) -> Message:
        async with asyncio.timeout(WAIT_TIMEOUT):
            return await self.messages.get()

    @property
    def empty(self) -> bool:
        return self.messages.empty()


class Station:
    """The station's end of a connection that has no socket."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.closed: tuple[int, str] | None = None
        self.leaves_when_closed = True
        self.reads = asyncio.Event()
        self.reads.set()
        self._out: asyncio.Queue[str | bytes | Disconnected] = asyncio.Queue()
        self._in: asyncio.Queue[bytes] = asyncio.Queue()
        self._left: Disconnected | None = None

    def sends(self, *frame: Any) -> None:
        self._out.put_nowait(json.dumps(frame))

    def sends_text(self, text: str | bytes) -> None:
        self._out.put_nowait(text)

    def leaves(self, code: int = 1000, reason: str = "") -> None:
        self._left = Disconnected(code, reason)
        self._out.put_nowait(self._left)

    async def receives(self) -> Any:
        async with asyncio.timeout(WAIT_TIMEOUT):
            return json.loads(await self._in.get())

    async def ends(self) -> None:
        """Wait until the gateway has closed the connection."""
        await until(lambda: self.closed is not None)

    @property
    def received_nothing(self) -> bool:
        return self._in.empty()

    @property
    def unread(self) -> int:
        """Frames that the gateway has not read yet."""
        return self._out.qsize()

    async def send(self, frame: bytes) -> None:
        await self.reads.wait()
        if self._left is not None:
            raise self._left
        self._in.put_nowait(frame)

    async def receive(self) -> str | bytes:
        frame = await self._out.get()
        if isinstance(frame, Disconnected):
            raise frame
        return frame

    def close(self, code: int, reason: str) -> None:
        self.closed = code, reason
        if self.leaves_when_closed:
            self.leaves(code, reason)


class FakeCsms:
    def __init__(self, bus: BrokenBus, tasks: asyncio.TaskGroup) -> None:
        self.bus = bus
        self.tasks = tasks
        self.gateways: list[Gateway] = []
        self.contexts: list[GatewayContext] = []
        self.numbers = itertools.count(1)
        """Of connections, in the order of their admission."""
        self._loops: list[asyncio.Task[None]] = []

    async def tap(self, topic: str) -> Tap:
        return await self.service(topic, silence)

    async def service(self, topic: str, reply: Reply) -> Tap:
        """Answer every call of a station on a topic."""
        tap = Tap()
        subscription = Subscription(f"test-{len(self._loops)}.{topic}", topic)
        await self.bus.create_subscription(subscription)

        async def consume(message: Message) -> None:
            tap.messages.put_nowait(message)
            answered = message.kind is Kind.CALL and message.origin is Direction.FROM_STATION
            if answered and (answer := reply(message)):
                await self.bus.publish(message.reply_to, answer)

        self.run(self.bus.consume(subscription, consume))
        return tap

    def run(self, loop: Any) -> None:
        self._loops.append(self.tasks.create_task(loop))

    def station(
        self,
        id: str = "CS1",
        version: Version = Version.V201,
        status: RegistrationStatus = "Accepted",
        gateway: int = 0,
        number: int | None = None,
        fence: Fence | None = None,
        registration: Registration | None = None,
        refused_rules: Iterable[str] = (),
        answer_timeout: float | None = None,
    ) -> Station:
        station = Station(version)
        where = self.gateways[gateway]
        number = next(self.numbers) if number is None else number
        connection = Connection.admitted(id, version, "192.0.2.1:1", number)
        admitted = Admitted(
            connection,
            registration or Registration(status),
            fence or where.fences.of(id),
            refused_rules=frozenset(refused_rules),
            answer_timeout=answer_timeout,
        )
        self.run(where.serve(where.begin(admitted, station.send, station.close), station.receive))
        return station

    async def command(
        self, station: Message, action: str, payload: dict[str, Any], id: str = "c1", **attributes: Any
    ) -> None:
        """Publish what ``command_over`` makes, with other ``attributes``."""
        inbox = next(
            (c.routing.inbox for c in self.contexts if c.routing.gateway_id == station.gateway_id), ""
        )
        command = command_over(station, action, payload, id)
        await self.bus.publish(inbox or f"{action}Request", msgspec.structs.replace(command, **attributes))

    def stop(self) -> None:
        for loop in self._loops:
            loop.cancel()


@asynccontextmanager
async def fake_csms(
    *routings: type[ByAction | Inbox], limits: GatewayLimits | None = None, clocks: Sequence[Clock] = ()
) -> AsyncIterator[FakeCsms]:
    """One gateway, or one for each routing that is named, on one bus. Each has its own of ``clocks``."""
    bus = BrokenBus()
    for topic in TOPICS:
        await bus.create_topic(topic)
    async with asyncio.TaskGroup() as tasks:
        csms = FakeCsms(bus, tasks)
        for number, routing in enumerate(routings or [ByAction]):
            clock = clocks[number] if clocks else utc_now
            context = GatewayContext(bus, routing(f"gw{number}"), clock, limits or GatewayLimits())
            gateway = Gateway(context)
            csms.contexts.append(context)
            csms.gateways.append(gateway)
            ready = asyncio.Event()
            csms.run(_consume(gateway, ready))
            await ready.wait()
        try:
            yield csms
        finally:
            csms.stop()


async def _consume(gateway: Gateway, ready: asyncio.Event) -> None:
    async with gateway.consuming():
        ready.set()
        await asyncio.Event().wait()


async def until(condition: Callable[[], bool]) -> None:
    """Wait, at most ``WAIT_TIMEOUT`` seconds, until a condition is true."""
    async with asyncio.timeout(WAIT_TIMEOUT):
        while not condition():
            await asyncio.sleep(0.005)
