"""One simulated charging station."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

from libs.csms.clock import utc_now
from libs.ocpp_messages import frame
from libs.ocpp_messages.errors import CallError

from .commands import commands, frame_of, refusal_of
from .connection import Send
from .connector import Connector
from .dialect import Dialect
from .equipment import Equipment
from .heart import Heart
from .link import Link, Unreachable
from .options import Simulation
from .outbox import Outbox
from .panel import Panel
from .tally import Tally


class Station:
    """Runs once."""

    def __init__(
        self, id: str, dialect: Dialect, simulation: Simulation, tally: Tally, chance: random.Random
    ) -> None:
        self._dialect = dialect
        self._simulation = simulation
        self._tally = tally
        self._link = Link(id, dialect, simulation, tally, chance)
        self._outbox = Outbox(self._link, tally)
        self._heart = Heart(self._link, dialect)
        equipment = Equipment(id, simulation, dialect, self._link, self._outbox, tally, chance)
        self._connectors = [Connector(number + 1, equipment) for number in range(simulation.connectors)]
        self._panel = Panel(equipment, self._connectors, self._heart)
        self._welcomed = asyncio.Event()
        self._closing = False
        self._tasks = asyncio.TaskGroup()

    async def run(self) -> None:
        """Until the station has charged what it should and everything that it has to say was answered."""
        try:
            async with self._tasks:
                background = [
                    self._spawn(self._link.run(self._answer, self._welcome)),
                    self._spawn(self._outbox.run()),
                    self._spawn(self._heart.run()),
                ]
                await self._welcomed.wait()
                await self._charge()
                await self._outbox.delivered()
                for task in background:
                    task.cancel()
        except* Unreachable:
            self._tally.unreachable_stations += 1
            self._tally.lost_messages += len(self._outbox)

    async def _charge(self) -> None:
        count, simulation = len(self._connectors), self._simulation
        shares = [len(range(number, simulation.sessions, count)) for number in range(count)]
        sessions = {
            connector: self._spawn(self._sessions(connector, share))
            for connector, share in zip(self._connectors, shares, strict=True)
        }
        if simulation.lifetime is not None:
            await asyncio.sleep(simulation.lifetime)
            self._closing = True
            for connector, task in sessions.items():
                self._end(connector, task)
        await asyncio.wait(sessions.values())
        for connector in self._connectors:
            await connector.left()

    def _end(self, connector: Connector, sessions: asyncio.Task[None]) -> None:
        """A transaction that is going on is stopped properly; without one there is nothing to finish."""
        if connector.transaction:
            connector.transaction.stop("Local")
        else:
            sessions.cancel()

    async def _sessions(self, connector: Connector, count: int) -> None:
        for number in range(count):
            if number:
                await asyncio.sleep(self._simulation.pause)
            if self._closing:
                return
            await connector.charge(self._simulation.id_tag)

    async def _welcome(self) -> None:
        """The station is online: it tells its own status, where it has one, and that of each connector."""
        if self._dialect.first_connector == 0:
            await self._panel.send(self._dialect.status(0, "Available", utc_now()))
        for connector in self._connectors:
            await connector.announce()
        self._welcomed.set()

    async def _answer(self, call: frame.Call, send: Send) -> None:
        try:
            answer = commands.answer(self._panel, self._dialect.version, call)
        except CallError as error:
            await send(refusal_of(error, self._dialect.version, call))
            return
        await send(frame_of(answer, call))
        if answer.then:
            self._spawn(answer.then())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._tasks.create_task(work)
