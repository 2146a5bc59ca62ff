"""Handlers by message: what a service consumes, and what becomes of what its handlers return or raise."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import ModuleType
from typing import Any, Generic, TypeVar, overload

import msgspec

from libs.ocpp_messages.action import Action, Direction
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.event import Event
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

from .bus import Bus, Subscription
from .clock import Clock, parse_time, rfc3339
from .logs import station_id

Req = TypeVar("Req")
Req_co = TypeVar("Req_co", covariant=True)
Res = TypeVar("Res")
Deps = TypeVar("Deps")


@dataclass(frozen=True)
class Call(Generic[Req_co]):
    """A request or an event, as a handler sees it."""

    request: Req_co
    message: Message

    @property
    def station_id(self) -> str:
        return self.message.station_id

    @property
    def version(self) -> Version:
        """Raises ``ValueError`` for an event that concerns no version."""
        return Version(self.message.ocpp_version or "")

    @cached_property
    def received_at(self) -> datetime:
        """When the gateway received it, in UTC; the same in every delivery."""
        return parse_time(self.message.sent_at)


Handler = Callable[[Call[Req], Deps], Awaitable[Res]]
TakeAnswer = Callable[[Message, Deps], Awaitable[None]]
Key = tuple[str, Version | None]


class Router(Generic[Deps]):
    """The handlers of one service.

    A handler returns the response, which is the acknowledgement too. It is called again with the same message
    when it raises anything but ``CallError``, and whenever the bus delivers the message twice.
    """

    def __init__(self, service: str) -> None:
        self.service = service
        self._handlers: dict[Key, tuple[Any, Handler[Any, Deps, Any]]] = {}
        self._topics: set[str] = set()
        self._take_answer: TakeAnswer[Deps] | None = None

    @overload
    def on(
        self, *actions: Action[Req, Res]
    ) -> Callable[[Handler[Req, Deps, Res]], Handler[Req, Deps, Res]]: ...
    @overload
    def on(self, *actions: Event[Req]) -> Callable[[Handler[Req, Deps, None]], Handler[Req, Deps, None]]: ...
    def on(self, *actions: Any) -> Any:
        """Register a handler for an action, in the versions named, or for an event."""

        def register(handler: Handler[Any, Deps, Any]) -> Handler[Any, Deps, Any]:
            for action in actions:
                key: Key = action.name, getattr(action, "version", None)
                if key in self._handlers:
                    raise ValueError(f"{key} already has a handler")
                self._handlers[key] = action, handler
                self._topics.add(action.request_topic if isinstance(action, Action) else action.name)
            return handler

        return register

    def on_answers(self, *topics: str) -> Callable[[TakeAnswer[Deps]], TakeAnswer[Deps]]:
        """Register what takes the answers of stations to commands, results and errors, of any action."""

        def register(take: TakeAnswer[Deps]) -> TakeAnswer[Deps]:
            if self._take_answer is not None:
                raise ValueError("something takes the answers already")
            self._take_answer = take
            self._topics.update(topics)
            return take

        return register

    def load(self, handlers: ModuleType) -> Router[Deps]:
        """Import every module of a package, so that its handlers register themselves."""
        for module in pkgutil.iter_modules(handlers.__path__, f"{handlers.__name__}."):
            importlib.import_module(module.name)
        return self

    def handles(self, action: str, version: Version) -> bool:
        return (action, version) in self._handlers

    @property
    def subscriptions(self) -> list[Subscription]:
        return [Subscription(f"{self.service}.{topic}", topic) for topic in sorted(self._topics)]

    async def handle(self, message: Message, bus: Bus, deps: Deps, clock: Clock) -> None:
        """Call the handler and publish its answer. Raises when the message is to be delivered again."""
        if message.origin is Direction.TO_STATION:
            await self._answered(message, deps)
            return
        if message.kind in (Kind.RESULT, Kind.ERROR):
            return
        station_id.set(message.station_id)
        try:
            response = await self._call(message, deps)
        except CallError as error:
            answer = message.error(error, rfc3339(clock()))
        else:
            if response is None:
                return
            answer = message.result(response, rfc3339(clock()))
        if message.reply_to:
            await bus.publish(message.reply_to, answer)

    async def _answered(self, message: Message, deps: Deps) -> None:
        """What goes to a station, commands themselves, is for gateways."""
        if self._take_answer is not None and message.kind in (Kind.RESULT, Kind.ERROR):
            station_id.set(message.station_id)
            await self._take_answer(message, deps)

    async def _call(self, message: Message, deps: Deps) -> msgspec.Struct | None:
        version = None if message.kind is Kind.EVENT else message.ocpp_version
        if (route := self._handlers.get((message.action, version))) is None:
            raise CallError(ErrorCode.NOT_SUPPORTED, f"{message.action} is not supported in this version")
        action, handler = route
        decode = action.decode_request if isinstance(action, Action) else action.decode
        response: msgspec.Struct | None = await handler(Call(decode(message.data), message), deps)
        return response

    async def serve(self, bus: Bus, deps: Deps, clock: Clock) -> None:
        """Consume every subscription until cancelled."""

        async def consume(message: Message) -> None:
            await self.handle(message, bus, deps, clock)

        async with asyncio.TaskGroup() as tasks:
            for subscription in self.subscriptions:
                tasks.create_task(bus.consume(subscription, consume))
