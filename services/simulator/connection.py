"""A station's connection to the CSMS: frames and calls, reconnecting with back-off, boot and heartbeats.

``OcppSocket`` is one WebSocket; ``Connection`` outlives many of them.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote

import msgspec
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from libs.ocpp_messages import frame
from libs.ocpp_messages.action import encode
from libs.ocpp_messages.errors import CallError, ErrorCode

from .messages import Request, VersionMessages
from .options import Simulation
from .quirks import Quirk
from .statistics import Statistics

Send = Callable[[bytes], Awaitable[None]]
OnCommand = Callable[[frame.Call, Send], Awaitable[None]]
OnOnline = Callable[[], Awaitable[None]]

MAX_DOUBLINGS = 20
"""Of the time between two attempts, which is limited by the options long before."""


class Refused(Exception):
    """The CSMS answered with a CALLERROR, or with something that is no answer to the call."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code


class Lost(Exception):
    """The connection closed, or no answer came in time: nobody knows whether the CSMS processed the call."""


class Unreachable(Exception):
    """The station has tried to connect as often in a row as the options allow."""


@dataclass(frozen=True)
class StationContext:
    """What the parts of one station share."""

    id: str
    simulation: Simulation
    messages: VersionMessages
    """Makes the requests of the station's OCPP version."""
    statistics: Statistics
    random: Random
    """Seeded for this station: it does the same in every run."""
    quirk: Quirk
    """How it departs from OCPP."""


class OcppSocket:
    """The station's end of one WebSocket. One call at a time is pending (part 4, section 4.1.1)."""

    def __init__(self, websocket: ClientConnection, station: StationContext) -> None:
        self._websocket = websocket
        self._version = station.messages.version
        self._timeout = station.simulation.call_timeout
        self._statistics = station.statistics
        self._quirk = station.quirk
        self._calling = asyncio.Lock()
        self._pending_id = ""
        self._pending: asyncio.Future[frame.Frame] | None = None
        self._ended = False

    async def call(self, request: Request) -> Any:
        """The typed response. Waits until no other call is pending. Raises ``Refused`` and ``Lost``."""
        payload = self._quirk.request(request.action.name, orjson.loads(encode(request.payload)))
        async with self._calling:
            if self._ended:
                raise Lost(
                    "the connection was closed"
                )  # also while it is being closed: nobody reads any more
            self._pending_id = self._quirk.message_id(str(uuid.uuid4()))
            self._pending = asyncio.get_running_loop().create_future()
            sent_at = time.perf_counter()
            await self._send(frame.format_call(self._pending_id, request.action.name, orjson.dumps(payload)))
            answer = await self._in_time(self._pending)
            if isinstance(answer, frame.Result):
                self._statistics.latencies.append(time.perf_counter() - sent_at)
        return self._response(request, answer)

    async def listen(self, on_command: OnCommand) -> None:
        """Handles what the CSMS sends until the WebSocket closes."""
        try:
            async for text in self._websocket:
                await self._receive(text, on_command)
        except (ConnectionClosed, Lost):
            return
        finally:
            self._ended = True
            if self._pending and not self._pending.done():
                self._pending.set_exception(Lost("the connection was closed"))
                self._pending.exception()  # so that asyncio does not complain where nobody waits any more

    async def close(self) -> None:
        await self._websocket.close()

    async def _receive(self, text: str | bytes, on_command: OnCommand) -> None:
        try:
            received = frame.parse(text, self._version)
        except frame.FrameError as error:
            self._statistics.errors["unreadable frame"] += 1
            if error.answer:
                await self._send(frame.format(error.answer))
            return
        if isinstance(received, frame.Call):
            self._statistics.commands += 1
            if not self._quirk.is_mute:
                await on_command(received, self._send)
        elif self._pending and received.id == self._pending_id and not self._pending.done():
            self._pending.set_result(received)
        else:
            self._statistics.errors["answer to nothing"] += 1

    async def _in_time(self, pending: asyncio.Future[frame.Frame]) -> frame.Frame:
        try:
            async with asyncio.timeout(self._timeout):
                return await pending
        except TimeoutError:
            self._statistics.errors["no answer"] += 1
            await self.close()
            raise Lost("no answer in time") from None

    def _response(self, request: Request, answer: frame.Frame) -> Any:
        if not isinstance(answer, frame.Result):
            code = answer.code if isinstance(answer, frame.Error) else ErrorCode.GENERIC_ERROR
            self._statistics.errors[f"{request.action.name}: {code}"] += 1
            raise Refused(code, answer.description if isinstance(answer, frame.Error) else "")
        try:
            request.action.response_validator.check(answer.payload)
        except CallError as error:
            self._statistics.errors[f"{request.action.name}: bad answer"] += 1
            raise Refused(error.code, error.description) from error
        return msgspec.convert(answer.payload, request.action.response, strict=False)

    async def _send(self, text: bytes) -> None:
        try:
            await self._websocket.send(text, text=True)
        except ConnectionClosed as closed:
            raise Lost("the connection is closed") from closed


class Connection:
    """``online`` is set while the station is connected and the CSMS has accepted its boot."""

    def __init__(self, station: StationContext) -> None:
        self.online = asyncio.Event()
        self.password = station.simulation.password.encode()
        self._station = station
        self._socket: OcppSocket | None = None
        self._boot_needed = asyncio.Event()
        self._boot_needed.set()
        self._boot_reason = "PowerUp"
        self._heartbeat_interval = 0.0
        self._heartbeat_interval_changed = asyncio.Event()

    async def run(self, on_command: OnCommand, on_online: OnOnline) -> None:
        """Stays connected until cancelled. ``on_online`` runs each time the station has come online.
        Raises ``Unreachable``.
        """
        failures = 0
        while True:
            try:
                async with self._connect() as websocket:
                    if websocket.subprotocol is None and self._offered_subprotocols():
                        raise InvalidHandshake("the CSMS speaks no common version")
                    failures = 0
                    await self._serve(websocket, on_command, on_online)
                delay = self._retry_delay(0)
            except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError) as error:
                failures += 1
                delay = max(self._retry_delay(failures), _retry_after(error))
                self._station.statistics.errors[_reason(error)] += 1
                if failures == self._station.simulation.connect_attempts:
                    raise Unreachable(_reason(error)) from error
            await asyncio.sleep(delay)

    async def call(self, request: Request) -> Any:
        """One attempt, now. Raises ``Refused`` and ``Lost``."""
        if self._socket is None:
            raise Lost("not connected")
        try:
            return await self._socket.call(request)
        except Refused as refused:
            if refused.code == "SecurityError":  # the CSMS does not know that this station has booted
                self.boot_again("PowerUp")
            raise

    async def try_call(self, request: Request) -> bool:
        """One attempt, now. Whether the CSMS answered with a CALLRESULT."""
        try:
            await self.call(request)
        except (Lost, Refused):
            return False
        return True

    async def call_until_answered(self, make_request: Callable[[], Request]) -> Any:
        """Tries again after every loss, and after a refusal as often as allowed. Raises ``Refused``."""
        refusals = 0
        while True:
            await self.online.wait()
            try:
                return await self.call(make_request())
            except Lost:
                await asyncio.sleep(0)  # until ``online`` is cleared
            except Refused:
                refusals += 1
                if refusals == self._station.simulation.message_attempts:
                    raise
                await asyncio.sleep(self._retry_delay(refusals))

    def boot_again(self, reason: str) -> None:
        self._boot_reason = reason
        self.online.clear()
        self._boot_needed.set()

    async def reconnect(self) -> None:
        """Closes the WebSocket; ``run`` opens the next one."""
        self.online.clear()
        if self._socket:
            await self._socket.close()

    def heartbeat_every(self, seconds: float) -> None:
        """0 means never."""
        self._heartbeat_interval = seconds
        self._heartbeat_interval_changed.set()

    def _connect(self) -> connect:
        simulation, quirk = self._station.simulation, self._station.quirk
        user = quirk.user(self._station.id)
        credentials = b64encode(user.encode() + b":" + self.password).decode()
        return connect(
            simulation.url.rstrip("/") + quirk.path(quote(self._station.id, safe="")),
            subprotocols=self._offered_subprotocols() or None,
            additional_headers={"Authorization": f"Basic {credentials}"} if self.password else None,
            open_timeout=simulation.call_timeout,
            close_timeout=2,
            proxy=None,
        )

    def _offered_subprotocols(self) -> list[Subprotocol]:
        offered = self._station.quirk.subprotocol(self._station.messages.version)
        return [Subprotocol(offered)] if offered else []

    async def _serve(self, websocket: ClientConnection, on_command: OnCommand, on_online: OnOnline) -> None:
        self._station.statistics.add_connection(self._station.id)
        socket = self._socket = OcppSocket(websocket, self._station)
        try:
            async with asyncio.TaskGroup() as tasks:
                booting = tasks.create_task(self._stay_booted(socket, on_online))
                heartbeats = tasks.create_task(self._send_heartbeats())
                await socket.listen(on_command)
                booting.cancel()
                heartbeats.cancel()
        except asyncio.CancelledError:
            await socket.close()  # with a close frame: without one the CSMS would log a failure
            raise
        finally:
            self._station.statistics.connected -= 1
            self._socket = None
            self.online.clear()

    async def _stay_booted(self, socket: OcppSocket, on_online: OnOnline) -> None:
        try:
            while True:
                if self._boot_needed.is_set():
                    await self._boot(socket)
                self.online.set()
                await on_online()
                await self._boot_needed.wait()
        except Lost:
            return

    async def _boot(self, socket: OcppSocket) -> None:
        """Repeats the BootNotification until it is accepted, at the interval that the CSMS asks for."""
        refusals = 0
        while True:
            boot = self._station.messages.boot_notification(self._station.id, self._boot_reason)
            try:
                response = await socket.call(boot)
            except Refused:
                refusals += 1
                await asyncio.sleep(self._retry_delay(refusals))
                continue
            if response.status == "Accepted":
                self.heartbeat_every(response.interval)
                self._boot_needed.clear()
                return
            await asyncio.sleep(response.interval or self._retry_delay(0))

    async def _send_heartbeats(self) -> None:
        while True:
            await self.online.wait()
            self._heartbeat_interval_changed.clear()
            try:
                async with asyncio.timeout(self._heartbeat_interval or None):
                    await self._heartbeat_interval_changed.wait()
            except TimeoutError:
                await self.try_call(self._station.messages.heartbeat())

    def _retry_delay(self, failures: int) -> float:
        """Seconds: twice as many after each failure, and never the same for two stations."""
        simulation = self._station.simulation
        jitter = 0.5 + self._station.random.random()
        delay: float = simulation.retry_interval * 2.0 ** min(failures, MAX_DOUBLINGS) * jitter
        return min(delay, simulation.max_retry_interval)


def _retry_after(error: Exception) -> float:
    """The seconds that the response to a handshake asks a client to wait, else 0."""
    if isinstance(error, InvalidStatus):
        seconds = error.response.headers.get("Retry-After", "")
        return float(seconds) if seconds.isdecimal() else 0.0
    return 0.0


def _reason(error: Exception) -> str:
    """Of a failed handshake, for the summary."""
    if isinstance(error, InvalidStatus):
        return f"connect: HTTP {error.response.status_code}"
    return f"connect: {type(error).__name__}"
