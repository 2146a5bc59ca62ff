"""Simulated stations that depart from OCPP charge, and the transactions have the energy of their meters."""

from __future__ import annotations

import asyncio

from services.simulator.options import Simulation
from services.simulator.quirks import QUIRKS
from services.simulator.simulation import simulate
from services.simulator.statistics import Summary

from .system import System

SECRET = "a-secret-of-a-station"
NONE_LOST = (3, 0, 0)


async def test_no_quirk_costs_energy(system: System, name: str, tag: str) -> None:
    """All at the same time: alone, each takes as long as all of them."""
    async with asyncio.timeout(120):
        summaries = await asyncio.gather(
            *(charged(system, f"Quirk-{name}-{number}-", tag, quirk) for number, quirk in enumerate(QUIRKS))
        )
    ended = dict(zip(QUIRKS, summaries, strict=True))

    assert {
        quirk: (outcome(summary), summary.errors)
        for quirk, summary in ended.items()
        if outcome(summary) != NONE_LOST
    } == {}
    async with asyncio.timeout(120):
        billed = await asyncio.gather(*(billed_energy(system, summary) for summary in summaries))
    assert dict(zip(QUIRKS, billed, strict=True)) == {
        quirk: metered_energy(summary) for quirk, summary in ended.items()
    }


async def charged(system: System, prefix: str, tag: str, quirk: str) -> Summary:
    simulation = Simulation(
        url=system.gateways[0],
        prefix=prefix,
        stations=3,
        version="mixed",
        duration=0.3,
        meter_interval=0.1,
        power=50_000_000,
        id_tag=tag,
        password=SECRET,
        quirks=quirk,
        register=system.device,
        api_token=system.http.headers["Authorization"].removeprefix("Bearer "),
    )
    return await simulate(simulation, lambda progress: None)


def outcome(summary: Summary) -> tuple[int, int, int]:
    return summary.sessions, summary.lost_messages, summary.unreachable_stations


def metered_energy(summary: Summary) -> dict[str, int]:
    """Of the meters, in Wh by station."""
    return {ended.station_id: ended.energy_wh for ended in summary.transactions}


async def billed_energy(system: System, summary: Summary) -> dict[str, int]:
    """Of the transactions, once all have ended."""
    billed: dict[str, int] = {}
    stations = metered_energy(summary)
    while len(billed) < len(stations):
        for id in stations:
            for transaction in await system.transactions(id):
                if not transaction["active"]:
                    billed[id] = transaction["energyWh"]
        await asyncio.sleep(0.05)
    return billed
