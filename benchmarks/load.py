"""Drives connected stations: as fast as the answers come, or at a fixed rate whatever the answers do."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .station import NotConnected, Station
from .traffic import Traffic

Fleet = Sequence[tuple[Station, Traffic]]


@dataclass
class Load:
    """What came back in ``seconds``. Only CALLRESULTs count as answers; latencies are in seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def calls_per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def failed(self, text: bytes) -> None:
        self.errors[text[:120].decode(errors="replace") if text[:2] != b"[4" else _code(text)] += 1


def _code(call_error: bytes) -> str:
    return (call_error.split(b'"') + [b""] * 4)[3].decode(errors="replace")


async def closed_loop(fleet: Fleet, warm_up: float, seconds: float, begun: Callable[[], None]) -> Load:
    """Every station calls again as soon as it is answered. ``begun`` is called when the measuring begins."""
    load, measuring, stopped = Load(), False, False
    traffics = {station: traffic for station, traffic in fleet}

    def answered(station: Station, result: bool, text: bytes) -> None:
        if measuring:
            if result:
                load.latencies.append(time.perf_counter() - station.called_at)
            else:
                load.failed(text)
        if not stopped and not station.closed:
            station.call(traffics[station].next())

    for station, traffic in fleet:
        station.answered = answered
        if not station.closed:
            station.call(traffic.next())
    await asyncio.sleep(warm_up)
    begun()
    measuring, start = True, time.perf_counter()
    await asyncio.sleep(seconds)
    measuring, load.seconds = False, time.perf_counter() - start
    stopped = True
    await _quiet(fleet)
    return load


async def open_loop(fleet: Fleet, rate: int, seconds: float) -> Load:
    """``rate`` calls a second, station after station. Latency counts from when a call was due, so that a
    call which waits for a slow one before it shows the wait."""
    load = Load(seconds=seconds)
    due: dict[Station, deque[float]] = {station: deque() for station, _ in fleet}
    under_way: dict[Station, float] = {}
    traffics = {station: traffic for station, traffic in fleet}

    def send(station: Station) -> None:
        under_way[station] = due[station].popleft()
        try:
            station.call(traffics[station].next())
        except NotConnected:
            under_way.pop(station)
            load.failed(b"not connected")

    def answered(station: Station, result: bool, text: bytes) -> None:
        begun = under_way.pop(station)
        if result:
            load.latencies.append(time.perf_counter() - begun)
        else:
            load.failed(text)
        if due[station]:
            send(station)

    for station, _ in fleet:
        station.answered = answered
    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        at = start + number / rate
        while time.perf_counter() < at:
            await asyncio.sleep(0.001)
        station = fleet[number % len(fleet)][0]
        due[station].append(at)
        if station not in under_way:
            send(station)
    while under_way:
        await asyncio.sleep(0.01)
    return load


async def _quiet(fleet: Fleet) -> None:
    """Until the answers that are still under way have come."""
    for station, _ in fleet:
        while station.busy:
            await asyncio.sleep(0.005)
