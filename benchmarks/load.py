"""Many stations on one CSMS, and the two ways to drive them: as fast as answers come, or at a fixed rate."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from .csms import Csms
from .station import NotConnected, Station
from .traffic import VERSIONS, Traffic, traffic

MAX_CONCURRENT_STATIONS = 100
"""That connect and boot at the same time, where nothing is measured."""
BOOT_TIMEOUT = 30.0
"""Seconds until a station that reconnects takes its connection for dead."""

Member = tuple[Station, Traffic]
Fleet = Sequence[Member]


@dataclass
class Load:
    """What came back from the CSMS."""

    seconds: float = 0.0
    """How long it was measured."""
    latencies: list[float] = field(default_factory=list)
    """Seconds until each CALLRESULT."""
    errors: Counter[str] = field(default_factory=Counter)
    """Other answers, and calls without one."""

    @property
    def calls_per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def add_error(self, text: bytes) -> None:
        self.errors[text[:120].decode(errors="replace") if text[:2] != b"[4" else _code(text)] += 1


def _code(call_error: bytes) -> str:
    return (call_error.split(b'"') + [b""] * 4)[3].decode(errors="replace")


def member(csms: Csms, id: str, number: int) -> Member:
    """Every other station is a 1.6 one."""
    version = VERSIONS[number % len(VERSIONS)]
    return Station(id, version, csms.gateway_port), traffic(id, version)


@asynccontextmanager
async def charging(csms: Csms, ids: Sequence[str]) -> AsyncIterator[Fleet]:
    """Booted stations, each in a transaction, half of them 2.0.1 and half 1.6."""
    fleet = [member(csms, id, number) for number, id in enumerate(ids)]

    async def start(one: Member) -> None:
        station, traffic = one
        await station.connect()
        await traffic.boot_and_start(station)

    try:
        await for_all(fleet, start)
        yield fleet
    finally:
        for station, _ in fleet:
            station.abort()


async def connect_and_boot(one: Member) -> None:
    station, traffic = one
    await station.connect()
    await station.call_and_wait(traffic.boot)


async def reconnect_and_boot(csms: Csms, id: str, number: int) -> tuple[Station, int]:
    """As a station does after its CSMS was away: it tries until it is booted. With how often that failed."""
    failures = 0
    while True:
        one = member(csms, id, number)
        try:
            async with asyncio.timeout(BOOT_TIMEOUT):
                await connect_and_boot(one)
            return one[0], failures
        except NotConnected as refused:
            retry_after = refused.retry_after
        except TimeoutError:
            retry_after = 0.0
        one[0].abort()
        failures += 1
        await asyncio.sleep(max(retry_after, random.uniform(0.5, 1.5)))


async def for_all(fleet: Fleet, work: Callable[[Member], Awaitable[None]]) -> None:
    waiting = iter(fleet)

    async def work_on_waiting() -> None:
        for one in waiting:
            await work(one)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(MAX_CONCURRENT_STATIONS):
            tasks.create_task(work_on_waiting())


async def closed_loop(fleet: Fleet, warm_up: float, seconds: float, on_measuring: Callable[[], None]) -> Load:
    """Every station calls again as soon as it is answered. ``on_measuring`` is called after the warm-up."""
    load, measuring, stopped = Load(), False, False
    traffics = dict(fleet)

    def on_answer(station: Station, result: bool, text: bytes) -> None:
        if measuring:
            if result:
                load.latencies.append(time.perf_counter() - station.called_at)
            else:
                load.add_error(text)
        if not stopped and not station.closed:
            station.call(traffics[station].next())

    for station in traffics:
        station.on_answer = on_answer
        if not station.closed:
            station.call(traffics[station].next())
    await asyncio.sleep(warm_up)
    on_measuring()
    measuring, start = True, time.perf_counter()
    await asyncio.sleep(seconds)
    measuring, load.seconds = False, time.perf_counter() - start
    stopped = True
    for station, _ in fleet:
        while station.pending:
            await asyncio.sleep(0.005)
    return load


async def open_loop(fleet: Fleet, rate: int, seconds: float) -> Load:
    """``rate`` calls a second, station after station. Latency counts from when a call was due, so that a
    call which waits for a slow one before it shows the wait."""
    loop = _OpenLoop(fleet, Load(seconds=seconds))
    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        due_at = start + number / rate
        while time.perf_counter() < due_at:
            await asyncio.sleep(0.001)
        loop.call(fleet[number % len(fleet)][0], due_at)
    while loop.pending:
        await asyncio.sleep(0.01)
    return loop.load


class _OpenLoop:
    def __init__(self, fleet: Fleet, load: Load) -> None:
        self.load = load
        self.pending: dict[Station, float] = {}
        """When the call that a station waits for was due."""
        self._due: dict[Station, deque[float]] = {station: deque() for station, _ in fleet}
        """When the calls that wait for that one were due."""
        self._traffics = dict(fleet)
        for station, _ in fleet:
            station.on_answer = self._on_answer

    def call(self, station: Station, due_at: float) -> None:
        self._due[station].append(due_at)
        if station not in self.pending:
            self._send_next(station)

    def _send_next(self, station: Station) -> None:
        self.pending[station] = self._due[station].popleft()
        try:
            station.call(self._traffics[station].next())
        except NotConnected:
            self.pending.pop(station)
            self.load.add_error(b"not connected")

    def _on_answer(self, station: Station, result: bool, text: bytes) -> None:
        due_at = self.pending.pop(station)
        if result:
            self.load.latencies.append(time.perf_counter() - due_at)
        else:
            self.load.add_error(text)
        if self._due[station]:
            self._send_next(station)
