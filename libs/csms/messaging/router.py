"""Handlers by message: what a service consumes, and what becomes of what its handlers return or raise."""

from __future__ import annotations

import asyncio
import importlib
import logging
import pkgutil
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from types import ModuleType
from typing import Any, Generic, TypeVar, overload

import msgspec

from libs.ocpp_messages.action import Action, Direction
from libs.ocpp_messages.errors import CallError, ErrorCode, Unparseable
from libs.ocpp_messages.event import COMMAND_ENDED, CommandEnded, Event
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

from ..clock import Clock, parse_time, rfc3339
from ..logs import station_id
from .bus import Bus, Consumer, Subscription, UnknownTopic
from .middleware import Middleware, wrap

log = logging.getLogger(__name__)

Req = TypeVar("Req")
Req_co = TypeVar("Req_co", covariant=True)
Res = TypeVar("Res")
Res_co = TypeVar("Res_co", covariant=True)
Deps = TypeVar("Deps")
Part = TypeVar("Part")


@dataclass(frozen=True)
class Call(Generic[Req_co]):
    """A request or an event, as a handler sees it."""

    request: Req_co
    """The payload, decoded."""
    message: Message
    """The message that carried it, with its attributes."""

    @property
    def station_id(self) -> str:
        return self.message.station_id

    @property
    def version(self) -> Version:
        """Raises ``ValueError`` for an event that concerns no version."""
        return Version(self.message.ocpp_version or "")

    @property
    def received_at(self) -> datetime:
        """When the gateway received it, in UTC; the same in every delivery."""
        return parse_time(self.message.sent_at)


@dataclass(frozen=True)
class Result(Generic[Req_co, Res_co]):
    """How a command ended. Secrets are hidden in the request and in the response."""

    request: Req_co
    """What the station was asked."""
    response: Res_co | None
    """What the station answered; None if it gave no answer that could be kept and decoded."""
    ended: CommandEnded
    """The event, decoded."""
    message: Message
    """The message that carried the event."""

    @property
    def station_id(self) -> str:
        return self.message.station_id

    @property
    def command_id(self) -> str:
        return self.ended.id

    @property
    def version(self) -> Version:
        return Version(self.message.ocpp_version or "")

    @property
    def reached_station(self) -> bool:
        """Whether the station answered or refused it, rightly or wrongly."""
        return self.ended.status in ("answered", "error") and not self.ended.gateway_reason

    @property
    def status(self) -> str:
        """``status`` of the response, also where the rest of it cannot be decoded. Empty if it has none."""
        return self.ended.station_status

    @property
    def may_be_accepted(self) -> bool:
        """Whether the station accepted it, or may have: it was sent, and no readable answer came."""
        return self.ended.may_be_accepted

    @cached_property
    def answered_at(self) -> datetime:
        """When the gateway received the answer; without one, when the command ended."""
        return parse_time(self.ended.answered_at or self.message.sent_at)


Handler = Callable[[Call[Req], Deps], Awaitable[Res]]
ResultHandler = Callable[[Result[Req, Res], Deps], Awaitable[None]]
AnswerHandler = Callable[[Message, Deps], Awaitable[None]]
Key = tuple[str, Version | None]


class Router(Generic[Deps]):
    """The handlers of one service, or of a part of it.

    A handler returns the response, which is the acknowledgement too. It is called again with the same message
    when it raises anything but ``CallError``, and whenever the bus delivers the message twice. A request has
    one handler; an event, and the result of a command, may have several, which are called one after another.
    """

    def __init__(self, service: str) -> None:
        self.service = service
        self._requests: dict[Key, tuple[Action[Any, Any], Handler[Any, Deps, Any]]] = {}
        self._events: dict[str, list[tuple[Event[Any], Handler[Any, Deps, None]]]] = defaultdict(list)
        self._results: dict[Key, list[tuple[Action[Any, Any], ResultHandler[Any, Any, Deps]]]]
        self._results = defaultdict(list)
        self._answer_handler: AnswerHandler[Deps] | None = None
        self._answer_topics: set[str] = set()

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
                if isinstance(action, Event):
                    self._events[action.name].append((action, handler))
                else:
                    self._register(action, handler)
            return handler

        return register

    def on_result(
        self, *actions: Action[Req, Res]
    ) -> Callable[[ResultHandler[Req, Res, Deps]], ResultHandler[Req, Res, Deps]]:
        """Register a handler for the end of every command of an action, in the versions named."""

        def register(handler: ResultHandler[Req, Res, Deps]) -> ResultHandler[Req, Res, Deps]:
            for action in actions:
                self._results[action.name, action.version].append((action, handler))
            return handler

        return register

    def on_answers(self, *topics: str) -> Callable[[AnswerHandler[Deps]], AnswerHandler[Deps]]:
        """Register the handler of what stations answer to commands: results and errors, of any action."""

        def register(handler: AnswerHandler[Deps]) -> AnswerHandler[Deps]:
            if self._answer_handler is not None:
                raise ValueError("the answers already have a handler")
            self._answer_handler = handler
            self._answer_topics.update(topics)
            return handler

        return register

    def include(self, router: Router[Part], part: Callable[[Deps], Part]) -> Router[Deps]:
        """Add the handlers of a package. They are given ``part`` of what the service's handlers are given."""

        def given(handler: Callable[[Any, Part], Awaitable[Any]]) -> Callable[[Any, Deps], Awaitable[Any]]:
            return lambda call, deps: handler(call, part(deps))

        for action, handler in router._requests.values():
            self._register(action, given(handler))
        for name, events in router._events.items():
            self._events[name] += [(event, given(handler)) for event, handler in events]
        for key, results in router._results.items():
            self._results[key] += [(action, given(result)) for action, result in results]
        if router._answer_handler is not None:
            self.on_answers(*router._answer_topics)(given(router._answer_handler))
        return self

    def load(self, handlers: ModuleType) -> Router[Deps]:
        """Import every module of a package, so that its handlers register themselves."""
        for module in pkgutil.iter_modules(handlers.__path__, f"{handlers.__name__}."):
            importlib.import_module(module.name)
        return self

    def handles(self, action: str, version: Version) -> bool:
        return (action, version) in self._requests

    @property
    def subscriptions(self) -> list[Subscription]:
        topics = {action.request_topic for action, _ in self._requests.values()}
        topics |= self._events.keys() | self._answer_topics
        if self._results:
            topics.add(COMMAND_ENDED.name)
        return [Subscription(f"{self.service}.{topic}", topic) for topic in sorted(topics)]

    async def handle(self, message: Message, bus: Bus, deps: Deps, clock: Clock) -> None:
        """Call the handlers and publish the answer. Raises when the message is to be delivered again."""
        station_id.set(message.station_id)
        match message.kind, message.origin:
            case Kind.EVENT, _:
                await self._handle_event(message, deps)
            case ((Kind.RESULT | Kind.ERROR), Direction.TO_STATION) if self._answer_handler is not None:
                await self._answer_handler(message, deps)
            case ((Kind.CALL | Kind.SEND), Direction.FROM_STATION):
                await self._handle_request(message, bus, deps, clock)

    async def serve(self, bus: Bus, deps: Deps, clock: Clock, middlewares: Sequence[Middleware] = ()) -> None:
        """Consume every subscription until cancelled. The first of ``middlewares`` is the outermost."""
        consumer: Consumer = wrap(partial(self.handle, bus=bus, deps=deps, clock=clock), middlewares)
        async with asyncio.TaskGroup() as tasks:
            for subscription in self.subscriptions:
                tasks.create_task(bus.consume(subscription, consumer))

    def _register(self, action: Action[Any, Any], handler: Handler[Any, Deps, Any]) -> None:
        key = action.name, action.version
        if key in self._requests:
            raise ValueError(f"{key} already has a handler")
        self._requests[key] = action, handler

    async def _handle_request(self, message: Message, bus: Bus, deps: Deps, clock: Clock) -> None:
        try:
            response = await self._response(message, deps)
        except CallError as error:
            answer = message.error(error, rfc3339(clock()))
        else:
            if response is None:
                return
            answer = message.result(response, rfc3339(clock()))
        if message.reply_to:
            await _publish_answer(bus, message.reply_to, answer)

    async def _response(self, message: Message, deps: Deps) -> msgspec.Struct | None:
        if (found := self._requests.get((message.action, message.ocpp_version))) is None:
            raise CallError(ErrorCode.NOT_SUPPORTED, f"{message.action} is not supported in this version")
        action, handler = found
        response: msgspec.Struct | None = await handler(
            Call(action.decode_request(message.data), message), deps
        )
        return response

    async def _handle_event(self, message: Message, deps: Deps) -> None:
        for event, handler in self._events.get(message.action, ()):
            await handler(Call(event.decode(message.data), message), deps)
        if message.action != COMMAND_ENDED.name or not self._results:
            return
        ended = COMMAND_ENDED.decode(message.data)
        for action, result_handler in self._results.get((ended.action, message.ocpp_version), ()):
            await result_handler(_result(action, ended, message), deps)


async def _publish_answer(bus: Bus, topic: str, answer: Message) -> None:
    try:
        await bus.publish(topic, answer)
    except UnknownTopic:
        log.info("station %s: the gateway that asked has gone with its topic %s", answer.station_id, topic)


def _result(action: Action[Req, Res], ended: CommandEnded, message: Message) -> Result[Req, Res]:
    """Raises ``Unparseable`` for what is no command of this action."""
    try:
        request = msgspec.convert(ended.payload, action.request, strict=False)
        response = _response_of(action, ended)
    except msgspec.ValidationError as error:
        raise Unparseable(f"{action.version} {action.name}: {error}") from error
    return Result(request, response, ended, message)


def _response_of(action: Action[Any, Res], ended: CommandEnded) -> Res | None:
    """Raises ``msgspec.ValidationError`` for a response that the gateway found valid, and that is not."""
    response = ended.response
    if ended.status != "answered" or not isinstance(response, dict) or "withheld" in response:
        return None
    try:
        return msgspec.convert(response, action.response, strict=False)
    except msgspec.ValidationError:
        if ended.warning:
            return None
        raise
