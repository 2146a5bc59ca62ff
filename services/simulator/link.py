"""A station's link to the CSMS over all its connections: it connects again and boots when it must."""

from __future__ import annotations

import asyncio
import random
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from .backoff import Backoff, reason, retry_after
from .connection import Connection, Lost, OnCommand, Refused
from .dialect import Dialect, Request
from .options import Simulation
from .tally import Tally

Welcome = Callable[[], Awaitable[None]]


class Unreachable(Exception):
    """The station tried to connect as often as it was told to, in vain."""


class Link:
    """``online`` is set while the station is connected and its boot has been accepted."""

    def __init__(
        self, station_id: str, dialect: Dialect, simulation: Simulation, tally: Tally, chance: random.Random
    ) -> None:
        self.online = asyncio.Event()
        self.heartbeat_interval = 0.0
        self.password = simulation.password.encode()
        self._station_id = station_id
        self._dialect = dialect
        self._simulation = simulation
        self._tally = tally
        self._backoff = Backoff(simulation.retry_interval, simulation.longest_retry_interval, chance)
        self._socket: ClientConnection | None = None
        self._connection: Connection | None = None
        self._boot_wanted = asyncio.Event()
        self._boot_wanted.set()
        self._boot_reason = "PowerUp"

    async def run(self, on_command: OnCommand, welcome: Welcome) -> None:
        """Stay connected until cancelled. ``welcome`` runs each time the station has come online."""
        failures = 0
        while True:
            try:
                async with self._connect() as socket:
                    if socket.subprotocol is None:
                        raise InvalidHandshake("the CSMS speaks no common version")
                    failures = 0
                    await self._serve(socket, on_command, welcome)
                wait = self._backoff.after(0)
            except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError) as error:
                self._tally.errors[reason(error)] += 1
                failures += 1
                if failures == self._simulation.connect_attempts:
                    raise Unreachable(reason(error)) from error
                wait = max(self._backoff.after(failures), retry_after(error))
            await asyncio.sleep(wait)

    async def call(self, request: Request) -> Any:
        """One attempt, now. Raises ``Refused`` and ``Lost``."""
        if self._connection is None:
            raise Lost("not connected")
        try:
            return await self._connection.call(request)
        except Refused as refused:
            if refused.code == "SecurityError":  # the CSMS does not know that this station has booted
                self.boot_again("PowerUp")
            raise

    async def request(self, request: Callable[[], Request]) -> Any:
        """As many attempts as it takes: again after every loss, and after a refusal as often as allowed."""
        refusals = 0
        while True:
            await self.online.wait()
            try:
                return await self.call(request())
            except Lost:
                await asyncio.sleep(0)
            except Refused:
                refusals += 1
                if refusals == self._simulation.attempts:
                    raise
                await asyncio.sleep(self._backoff.after(refusals))

    def boot_again(self, reason: str) -> None:
        self._boot_reason = reason
        self.online.clear()
        self._boot_wanted.set()

    async def drop(self) -> None:
        """Close the connection; ``run`` opens the next one."""
        self.online.clear()
        if self._socket:
            await self._socket.close()

    def _connect(self) -> connect:
        credentials = b64encode(self._station_id.encode() + b":" + self.password).decode()
        return connect(
            f"{self._simulation.url.rstrip('/')}/{quote(self._station_id, safe='')}",
            subprotocols=[Subprotocol(self._dialect.version)],
            additional_headers={"Authorization": f"Basic {credentials}"} if self.password else None,
            open_timeout=self._simulation.call_timeout,
            close_timeout=2,
            proxy=None,
        )

    async def _serve(self, socket: ClientConnection, on_command: OnCommand, welcome: Welcome) -> None:
        self._tally.met(self._station_id)
        self._socket = socket
        self._connection = Connection(
            socket, self._dialect.version, self._simulation.call_timeout, self._tally
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                booting = tasks.create_task(self._stay_booted(self._connection, welcome))
                await self._connection.listen(on_command)
                booting.cancel()
        except asyncio.CancelledError:
            await socket.close()  # in good order: otherwise the CSMS would be told of a failure
            raise
        finally:
            self._tally.connected -= 1
            self._socket = self._connection = None
            self.online.clear()

    async def _stay_booted(self, connection: Connection, welcome: Welcome) -> None:
        try:
            while True:
                if self._boot_wanted.is_set():
                    await self._boot(connection)
                self.online.set()
                await welcome()
                await self._boot_wanted.wait()
        except Lost:
            return

    async def _boot(self, connection: Connection) -> None:
        refusals = 0
        while True:
            try:
                answer = await connection.call(self._dialect.boot(self._station_id, self._boot_reason))
            except Refused:
                refusals += 1
                await asyncio.sleep(self._backoff.after(refusals))
                continue
            if answer.status == "Accepted":
                self.heartbeat_interval = answer.interval
                self._boot_wanted.clear()
                return
            await asyncio.sleep(answer.interval or self._backoff.after(0))
