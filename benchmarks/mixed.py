"""Rows a and c: mixed traffic of many stations, on a new CSMS and on one with a million meter values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from .figures import Figure, percentile
from .fill import fill
from .fleet import charging, registered, registered_in
from .load import Fleet, Load, closed_loop, open_loop
from .size import Size


async def mixed(size: Size) -> Sequence[Figure]:
    async with registered(size.stations) as (server, ids), charging(server, ids) as fleet:
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


async def mixed_on_full_store(size: Size) -> Sequence[Figure]:
    """An empty and a filled CSMS stand side by side and take turns, so that a machine that slows down for
    a while slows both."""
    with TemporaryDirectory(prefix="csms-bench-") as folder:
        stored = await fill(Path(folder), size.stored)
        async with (
            registered(size.stations) as (empty, ids),
            registered_in(Path(folder), size.stations) as (full, _),
            charging(empty, ids) as at_empty,
            charging(full, ids) as at_full,
        ):
            before, after = await _turns(size, at_empty, at_full)
    ratio = _rate(after) / _rate(before)
    errors = sum(load.errors.total() for load in [*before, *after])
    return [
        Figure("c", "meter values stored beforehand", stored, "documents"),
        Figure("c", "on an empty store", _rate(before), "calls/s"),
        Figure("c", "on the filled store", _rate(after), "calls/s"),
        Figure("c", "filled / empty", ratio, "", at_least=0.95),
        Figure("c", "errors", errors, "calls", below=1),
    ]


async def _turns(size: Size, at_empty: Fleet, at_full: Fleet) -> tuple[list[Load], list[Load]]:
    before: list[Load] = []
    after: list[Load] = []
    for _ in range(size.rounds):
        before.append(await closed_loop(at_empty, size.warm_up / 2, size.round_measured, lambda: None))
        after.append(await closed_loop(at_full, size.warm_up / 2, size.round_measured, lambda: None))
    return before, after


def _rate(loads: Sequence[Load]) -> float:
    return sum(len(load.latencies) for load in loads) / sum(load.seconds for load in loads)
