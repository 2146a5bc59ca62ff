"""One simulated charging station: it boots, charges and answers commands, whose handlers it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar

import msgspec
import orjson

from libs.csms.clock import utc_now
from libs.ocpp_messages import frame
from libs.ocpp_messages.action import Action, encode
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.version import Version

from .configuration import Configuration
from .connection import Connection, Send, StationContext, Unreachable
from .connector import Availability, Connector, TransactionQueue
from .messages import Request, Transaction

Req = TypeVar("Req")
Res = TypeVar("Res")
Work = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Reply:
    """What a handler of a command returns."""

    response: Any
    """Of the type that the action's responses have."""
    afterwards: Work | None = None
    """Runs once the response is sent."""


Handler = Callable[["Station", Any], Reply]


class CommandRouter:
    """The handlers of commands, one for each action."""

    def __init__(self) -> None:
        self._handlers: dict[tuple[Version, str], Handler] = {}

    def on(
        self, *actions: Action[Req, Res]
    ) -> Callable[[Callable[[Station, Req], Reply]], Callable[[Station, Req], Reply]]:
        def register(handler: Callable[[Station, Req], Reply]) -> Callable[[Station, Req], Reply]:
            for action in actions:
                self._handlers[action.version, action.name] = handler
            return handler

        return register

    def reply(self, station: Station, call: frame.Call) -> Reply:
        """Raises ``CallError`` where the station refuses the command."""
        action = ACTIONS[station.version].get(call.action)
        if action is None:
            raise CallError(ErrorCode.NOT_IMPLEMENTED, f"{call.action[:50]} is not known")
        handler = self._handlers.get((station.version, call.action))
        if handler is None:
            raise CallError(ErrorCode.NOT_SUPPORTED, f"this station does not do {call.action}")
        action.request_validator.check(call.payload)
        return handler(station, msgspec.convert(call.payload, action.request, strict=False))


class Station:
    """Runs once."""

    def __init__(self, context: StationContext, commands: CommandRouter) -> None:
        self.version = context.messages.version
        self.local_list_version = 0
        """What the list holds is not kept: every driver asks the CSMS."""
        self.configuration = Configuration.of(self.version, context.simulation.connectors)
        self._context = context
        self._commands = commands
        self._connection = Connection(context)
        self._queue = TransactionQueue(self._connection, context.statistics)
        self._connectors = [
            Connector(number + 1, context, self._connection, self._queue)
            for number in range(context.simulation.connectors)
        ]
        self._was_online = asyncio.Event()
        self._leaving = False
        self._tasks = asyncio.TaskGroup()

    async def run(self) -> None:
        """Until the station has charged what it should and every transaction message is answered."""
        try:
            async with self._tasks:
                background = [
                    self._spawn(self._connection.run(self._answer, self._report_statuses)),
                    self._spawn(self._queue.run()),
                ]
                await self._was_online.wait()
                await self.serve_drivers()
                await self._queue.delivered()
                for task in background:
                    task.cancel()
        except* Unreachable:
            self._context.statistics.unreachable_stations += 1
            self._context.statistics.lost_messages += len(self._queue.undelivered)

    @property
    def charging(self) -> bool:
        return any(connector.transaction for connector in self._connectors)

    def has_undelivered_messages(self, transaction_id: str | None) -> bool:
        """Whether the CSMS has yet to answer messages of this transaction; of any for None."""
        return any(transaction_id in (None, one.id) for one in self._queue.undelivered)

    def free_connector(self, id: int | None) -> Connector | None:
        """Any one without an id. None while the station may not start transactions."""
        if not self._connection.online.is_set():
            return None
        return next((c for c in self._connectors if c.free and id in (None, c.id)), None)

    def connectors(self, id: int) -> Sequence[Connector]:
        """All of them for 0."""
        return [connector for connector in self._connectors if id in (0, connector.id)]

    def transaction(self, id: str) -> Transaction | None:
        """One that is going on."""
        transactions = [c.transaction for c in self._connectors if c.transaction]
        return next((transaction for transaction in transactions if transaction.id == id), None)

    def stop_transaction(self, id: str, reason: str) -> bool:
        """Whether there is such a transaction."""
        transaction = self.transaction(id)
        if transaction:
            transaction.stop(reason)
        return transaction is not None

    def change_availability(
        self, connectors: Sequence[Connector], type_: Availability
    ) -> tuple[Literal["Accepted", "Scheduled"], Work]:
        """The status to respond, and what makes the change. A car that is charging may finish."""

        async def change() -> None:
            for connector in connectors:
                await connector.change_availability(type_)

        occupied = any(connector.occupied for connector in connectors)
        return "Scheduled" if occupied and type_ == "Inoperative" else "Accepted", change

    async def reset(self, type_: str) -> None:
        """Stops what is charging, unless the type says to resume, then disconnects and boots."""
        if type_ != "ImmediateAndResume":
            for connector in self._connectors:
                if connector.transaction:
                    connector.transaction.stop(type_)
        self._connection.boot_again("RemoteReset")
        await self._connection.reconnect()

    async def reset_when_idle(self) -> None:
        for connector in self._connectors:
            await connector.until_unplugged()
        await self.reset("OnIdle")

    async def use_password(self, password: bytes) -> None:
        """From the next connection on, which is opened now."""
        self._connection.password = password
        await self._connection.reconnect()

    def heartbeat_every(self, seconds: float) -> None:
        self._connection.heartbeat_every(seconds)

    def triggered_message(self, message: str, connector: int | None) -> Work | None:
        """What sends the message, or None when the station has none of that name."""
        connectors = self.connectors(connector or 0)
        match message:
            case "BootNotification":
                return self._boot_again
            case "Heartbeat":
                return partial(self.send, self._context.messages.heartbeat())
            case "StatusNotification":
                return partial(self._report_status_of, connectors)
            case "MeterValues" | "TransactionEvent":
                return partial(self._report_meter_values_of, connectors)
        return None

    async def send(self, request: Request) -> None:
        """Once, whether it arrives or not."""
        await self._connection.try_call(request)

    async def serve_drivers(self) -> None:
        """Shares the sessions out among the connectors. Returns when the last car has left."""
        simulation, count = self._context.simulation, len(self._connectors)
        sessions = {
            connector: self._spawn(self._charge_at(connector, len(range(number, simulation.sessions, count))))
            for number, connector in enumerate(self._connectors)
        }
        if simulation.lifetime is not None:
            await asyncio.sleep(simulation.lifetime)
            self._leaving = True
            for connector, task in sessions.items():
                if connector.transaction:
                    connector.transaction.stop("Local")
                else:
                    task.cancel()
        await asyncio.wait(sessions.values())
        for connector in self._connectors:
            await connector.until_unplugged()

    async def _charge_at(self, connector: Connector, sessions: int) -> None:
        for number in range(sessions):
            if number:
                await asyncio.sleep(self._context.simulation.pause)
            if self._leaving:
                return
            await connector.charge(self._context.simulation.id_tag)

    async def _report_statuses(self) -> None:
        """Of the station itself, where it has a status, and of each connector."""
        messages = self._context.messages
        if messages.first_connector == 0:
            await self.send(messages.status_notification(0, "Available", utc_now()))
        await self._report_status_of(self._connectors)
        self._was_online.set()

    async def _report_status_of(self, connectors: Sequence[Connector]) -> None:
        for connector in connectors:
            await connector.report_status()

    async def _report_meter_values_of(self, connectors: Sequence[Connector]) -> None:
        for connector in connectors:
            connector.report_meter_values()

    async def _boot_again(self) -> None:
        self._connection.boot_again("Triggered")

    async def _answer(self, call: frame.Call, send: Send) -> None:
        try:
            reply = self._commands.reply(self, call)
        except CallError as error:
            code = error.code.of(self.version)
            await send(frame.format(frame.Error(call.id, code, error.description, error.details)))
            return
        response = self._context.quirk.response(call.action, orjson.loads(encode(reply.response)))
        await send(frame.format_result(call.id, orjson.dumps(response)))
        if reply.afterwards:
            self._spawn(reply.afterwards())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._tasks.create_task(work)
