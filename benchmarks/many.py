"""Rows d and e: ten thousand stations that stay connected, and that all come back at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from .figures import Figure, percentile
from .fleet import Member, connected_and_booted, for_all, member, registered
from .server import Csms
from .size import Size
from .station import Station


async def idle(size: Size) -> Sequence[Figure]:
    async with registered(size.many) as (server, ids):
        before = server.resident_bytes()
        members = [member(server, id, number) for number, id in enumerate(ids)]
        await for_all(members, _connect_and_boot)
        await asyncio.sleep(1)
        connected = sum(not station.closed for station, _ in members)
        each = (server.resident_bytes() - before) / connected
        for station, _ in members:
            station.abort()
    return [
        Figure("d", "idle stations, booted and connected", connected, "stations", at_least=size.many),
        Figure("d", "memory of the CSMS for each", each / 1024, "KiB", below=40),
    ]


async def _connect_and_boot(one: Member) -> None:
    station, traffic = one
    await station.connect()
    await station.ask(traffic.boot)


async def reconnecting(size: Size) -> Sequence[Figure]:
    async with registered(size.many) as (server, ids):
        members = [member(server, id, number) for number, id in enumerate(ids)]
        await for_all(members, _connect_and_boot)
        for station, _ in members:
            station.abort()
        return await _storm(server, ids)


async def _storm(server: Csms, ids: Sequence[str]) -> Sequence[Figure]:
    """All begin at once. Those that are turned away try again when they are told to, or in about a second."""
    begun = time.perf_counter()
    booted: list[float] = []
    refusals = 0

    async def come_back(id: str, number: int) -> None:
        nonlocal refusals
        station, failures = await connected_and_booted(server, id, number)
        booted.append(time.perf_counter() - begun)
        refusals += failures
        stations.append(station)

    stations: list[Station] = []
    async with asyncio.TaskGroup() as tasks:
        for number, id in enumerate(ids):
            tasks.create_task(come_back(id, number))
    for station in stations:
        station.abort()
    what = f"{len(ids):,} stations reconnect at once"
    return [
        Figure("e", f"{what}: all booted after", max(booted), "s", below=30),
        Figure("e", f"{what}: half of them after", percentile(booted, 50), "s"),
        Figure("e", f"{what}: tried again", refusals, "times"),
    ]
