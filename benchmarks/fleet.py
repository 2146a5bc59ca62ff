"""Many stations on one CSMS."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from . import rest
from .load import Fleet
from .server import Csms, csms
from .station import NotConnected, Station
from .traffic import VERSIONS, Traffic, traffic

_AT_ONCE = 100
_PATIENCE = 30.0
"""Seconds until a station takes a connection for dead."""

Member = tuple[Station, Traffic]


@asynccontextmanager
async def registered(count: int) -> AsyncIterator[tuple[Csms, Sequence[str]]]:
    """A new CSMS that knows ``count`` stations."""
    with TemporaryDirectory(prefix="csms-bench-") as folder:
        async with registered_in(Path(folder), count) as known:
            yield known


@asynccontextmanager
async def registered_in(folder: Path, count: int) -> AsyncIterator[tuple[Csms, Sequence[str]]]:
    ids = [f"BENCH-{number:05d}" for number in range(count)]
    async with csms(folder) as server:
        await rest.register(server.device_port, server.user_port, ids)
        yield server, ids


@asynccontextmanager
async def charging(server: Csms, ids: Sequence[str]) -> AsyncIterator[Fleet]:
    """Booted, each in a transaction, half of them 2.0.1 and half 1.6."""
    members = [member(server, id, number) for number, id in enumerate(ids)]

    async def begin(one: Member) -> None:
        station, traffic = one
        await station.connect()
        await traffic.begin(station)

    try:
        await for_all(members, begin)
        yield members
    finally:
        for station, _ in members:
            station.abort()


def member(server: Csms, id: str, number: int) -> Member:
    version = VERSIONS[number % len(VERSIONS)]
    return Station(id, version, server.gateway_port), traffic(id, version)


async def for_all(members: Sequence[Member], work: Callable[[Member], Awaitable[None]]) -> None:
    """A hundred at a time."""
    waiting = iter(members)

    async def take() -> None:
        for one in waiting:
            await work(one)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(_AT_ONCE):
            tasks.create_task(take())


async def connected_and_booted(server: Csms, id: str, number: int) -> tuple[Station, int]:
    """As a station does after its CSMS was away: it tries until it is booted. With how often that failed."""
    failures = 0
    while True:
        station, traffic = member(server, id, number)
        try:
            async with asyncio.timeout(_PATIENCE):
                await station.connect()
                await station.ask(traffic.boot)
            return station, failures
        except NotConnected as refused:
            wait = refused.retry_after
        except TimeoutError:
            wait = 0.0
        station.abort()
        failures += 1
        await asyncio.sleep(max(wait, random.uniform(0.5, 1.5)))
