"""The rows of the benchmark: what each one measures, and how much of it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from .console import console_figures
from .csms import THIS_CHECKOUT, Checkout, Csms, csms, register
from .fill import fill
from .load import (
    Fleet,
    Load,
    charging,
    closed_loop,
    connect_and_boot,
    for_all,
    member,
    open_loop,
    reconnect_and_boot,
)
from .results import Figure, percentile
from .station import Station
from .traffic import UPDATED_V201


@dataclass(frozen=True)
class Size:
    """How much the benchmark does. Times are in seconds."""

    stations: int = 1_000
    """Of the rows with mixed traffic."""
    warm_up: float = 5
    measured: float = 20
    open_rate: int = 2_500
    """Calls a second of the open loop."""
    open_measured: float = 20
    boots: int = 3_000
    """Of the station that is alone."""
    stored: int = 1_000_000
    """Meter values in the filled store."""
    rounds: int = 3
    """How often the empty and the filled CSMS take turns."""
    round_measured: float = 10
    many: int = 10_000
    """Stations that are idle, and stations that reconnect."""
    messages: int = 20_000
    """Parsed, validated and decoded."""
    row_limit: float = 150
    """No row takes longer than this."""


FULL = Size()
AGAINST = replace(FULL, warm_up=3, measured=8, open_measured=8, rounds=2, round_measured=5)
"""As many stations, but shorter: each row runs several times of two checkouts."""
QUICK = Size(
    stations=40,
    warm_up=0.5,
    measured=2,
    open_rate=300,
    open_measured=2,
    boots=100,
    stored=20_000,
    rounds=1,
    round_measured=1,
    many=200,
    messages=1_000,
    row_limit=60,
)


async def generator(size: Size, checkout: Checkout) -> Sequence[Figure]:
    """The load generator's own cost."""
    command = [sys.executable, "-m", "benchmarks.echo"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, cwd=THIS_CHECKOUT.folder
    )
    try:
        assert process.stdout is not None
        port = int(await process.stdout.readline())
        echo = Csms(process.pid, port, 0, 0, 0)
        async with charging(echo, [f"ECHO-{number:05d}" for number in range(size.stations)]) as fleet:
            used: list[float] = []
            load = await closed_loop(
                fleet, size.warm_up / 5, size.round_measured / 2, lambda: used.append(time.process_time())
            )
            used.append(time.process_time())
    finally:
        process.terminate()
        await process.wait()
    cost = (used[1] - used[0]) / len(load.latencies) * 1e6
    what = "load generator against a server that does nothing"
    return [
        Figure("generator", what, load.calls_per_second, "calls/s"),
        Figure("generator", "load generator's own CPU", cost, "µs/call"),
    ]


async def parsing(size: Size, checkout: Checkout) -> Sequence[Figure]:
    """Row f: what a TransactionEvent with ten samples costs before any handler sees it."""
    at = b"2026-11-20T18:12:00.000Z"
    text = b'[2,"0123456789abcdef"' + UPDATED_V201 % (at, 7, b"0123456789", 123_456, at)
    script = str(Path(__file__).with_name("parsing.py"))
    process = await asyncio.create_subprocess_exec(
        *[checkout.python, "-P", script, str(size.messages)],
        env=checkout.environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate(text)
    what = "TransactionEvent with 10 samples: parse, validate, decode"
    return [Figure("f", what, float(printed) * 1e6, "µs", below=60)]


async def single(size: Size, checkout: Checkout) -> Sequence[Figure]:
    """Row b: one station alone boots again and again."""
    latencies: list[float] = []
    async with _registered(1, checkout) as (server, (id,)):
        station, traffic = member(server, id, 0)
        await station.connect()
        for _ in range(size.boots // 10):
            await station.call_and_wait(traffic.boot)
        for _ in range(size.boots):
            begun = time.perf_counter()
            await station.call_and_wait(traffic.boot)
            latencies.append(time.perf_counter() - begun)
        station.abort()
    what = "one station alone, BootNotification"
    return [
        Figure("b", f"{what}: p50", percentile(latencies, 50) * 1e3, "ms", below=2),
        Figure("b", f"{what}: p99", percentile(latencies, 99) * 1e3, "ms"),
    ]


async def mixed(size: Size, checkout: Checkout) -> Sequence[Figure]:
    """Row a: mixed traffic of many stations, on a new CSMS."""
    async with _registered(size.stations, checkout) as (server, ids), charging(server, ids) as fleet:
        cpu: list[float] = []
        closed = await closed_loop(
            fleet, size.warm_up, size.measured, lambda: cpu.append(server.cpu_seconds())
        )
        cpu.append(server.cpu_seconds())
        opened = await open_loop(fleet, size.open_rate, size.open_measured)
    what = f"{size.stations:,} stations, closed loop"
    rate = f"{size.open_rate:,} calls/s, open loop"
    return [
        Figure("a", what, closed.calls_per_second, "calls/s", at_least=5_000),
        Figure("a", f"{what}: p50", percentile(closed.latencies, 50) * 1e3, "ms"),
        Figure("a", f"{what}: p99", percentile(closed.latencies, 99) * 1e3, "ms"),
        Figure("a", f"{what}: CPU of the CSMS", (cpu[1] - cpu[0]) / len(closed.latencies) * 1e6, "µs/call"),
        Figure("a", f"{what}: errors", closed.errors.total(), "calls", below=1),
        Figure("a", f"{rate}: p50", percentile(opened.latencies, 50) * 1e3, "ms"),
        Figure("a", f"{rate}: p99", percentile(opened.latencies, 99) * 1e3, "ms", below=40),
        Figure("a", f"{rate}: errors", opened.errors.total(), "calls", below=1),
    ]


async def mixed_on_full_store(size: Size, checkout: Checkout) -> Sequence[Figure]:
    """Row c: the same traffic with a million meter values stored before.

    An empty and a filled CSMS take turns: a machine that slows down for a while slows both.
    """
    with TemporaryDirectory(prefix="csms-bench-") as folder:
        stored = await fill(Path(folder), size.stored, checkout)
        async with (
            _registered(size.stations, checkout) as (empty, ids),
            _registered_in(Path(folder), size.stations, checkout) as (full, _),
            charging(empty, ids) as at_empty,
            charging(full, ids) as at_full,
        ):
            on_empty, on_full = await _in_turns(size, at_empty, at_full)
    ratio = _calls_per_second(on_full) / _calls_per_second(on_empty)
    errors = sum(load.errors.total() for load in [*on_empty, *on_full])
    return [
        Figure("c", "meter values stored beforehand", stored, "documents"),
        Figure("c", "on an empty store", _calls_per_second(on_empty), "calls/s"),
        Figure("c", "on the filled store", _calls_per_second(on_full), "calls/s"),
        Figure("c", "filled / empty", ratio, "", at_least=0.95),
        Figure("c", "errors", errors, "calls", below=1),
    ]


async def _in_turns(size: Size, at_empty: Fleet, at_full: Fleet) -> tuple[list[Load], list[Load]]:
    on_empty: list[Load] = []
    on_full: list[Load] = []
    for _ in range(size.rounds):
        on_empty.append(await closed_loop(at_empty, size.warm_up / 2, size.round_measured, lambda: None))
        on_full.append(await closed_loop(at_full, size.warm_up / 2, size.round_measured, lambda: None))
    return on_empty, on_full


def _calls_per_second(loads: Sequence[Load]) -> float:
    return sum(len(load.latencies) for load in loads) / sum(load.seconds for load in loads)


async def idle(size: Size, checkout: Checkout) -> Sequence[Figure]:
    """Row d: the memory of stations that stay connected and do nothing."""
    async with _registered(size.many, checkout) as (server, ids):
        before = server.resident_bytes()
        fleet = [member(server, id, number) for number, id in enumerate(ids)]
        await for_all(fleet, connect_and_boot)
        await asyncio.sleep(1)
        connected = sum(not station.closed for station, _ in fleet)
        each = (server.resident_bytes() - before) / connected
        for station, _ in fleet:
            station.abort()
    return [
        Figure("d", "idle stations, booted and connected", connected, "stations", at_least=size.many),
        Figure("d", "memory of the CSMS for each", each / 1024, "KiB", below=40),
    ]


async def reconnecting(size: Size, checkout: Checkout) -> Sequence[Figure]:
    """Row e: ten thousand booted stations come back at once."""
    async with _registered(size.many, checkout) as (server, ids):
        fleet = [member(server, id, number) for number, id in enumerate(ids)]
        await for_all(fleet, connect_and_boot)
        for station, _ in fleet:
            station.abort()
        return await _reconnect_all(server, ids)


async def _reconnect_all(server: Csms, ids: Sequence[str]) -> Sequence[Figure]:
    """Those that are turned away try again when the CSMS asks for it, or in about a second."""
    begun = time.perf_counter()
    stations: list[Station] = []
    booted: list[float] = []
    refusals = 0

    async def reconnect(id: str, number: int) -> None:
        nonlocal refusals
        station, failures = await reconnect_and_boot(server, id, number)
        booted.append(time.perf_counter() - begun)
        refusals += failures
        stations.append(station)

    async with asyncio.TaskGroup() as tasks:
        for number, id in enumerate(ids):
            tasks.create_task(reconnect(id, number))
    for station in stations:
        station.abort()
    what = f"{len(ids):,} stations reconnect at once"
    return [
        Figure("e", f"{what}: all booted after", max(booted), "s", below=30),
        Figure("e", f"{what}: half of them after", percentile(booted, 50), "s"),
        Figure("e", f"{what}: tried again", refusals, "times"),
    ]


async def console(size: Size, checkout: Checkout) -> Sequence[Figure]:
    async with _registered(size.many, checkout) as (server, ids):
        return await console_figures("h", server, ids)


@asynccontextmanager
async def _registered(count: int, checkout: Checkout) -> AsyncIterator[tuple[Csms, Sequence[str]]]:
    """A new CSMS that knows ``count`` stations."""
    with TemporaryDirectory(prefix="csms-bench-") as folder:
        async with _registered_in(Path(folder), count, checkout) as registered:
            yield registered


@asynccontextmanager
async def _registered_in(
    folder: Path, count: int, checkout: Checkout
) -> AsyncIterator[tuple[Csms, Sequence[str]]]:
    ids = [f"BENCH-{number:05d}" for number in range(count)]
    async with csms(checkout, folder) as server:
        await register(server, ids)
        yield server, ids


ROWS: dict[str, Callable[[Size, Checkout], Awaitable[Sequence[Figure]]]] = {
    "generator": generator,
    "f": parsing,
    "b": single,
    "a": mixed,
    "c": mixed_on_full_store,
    "d": idle,
    "e": reconnecting,
    "h": console,
}
"""In the order in which they run, by the names that the command line and the table use."""
