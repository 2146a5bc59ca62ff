"""Simulated stations that depart from OCPP charge, and the transactions have the energy of their meters."""

from __future__ import annotations

import asyncio

import pytest

from services.simulator.options import Simulation
from services.simulator.quirks import QUIRKS
from services.simulator.simulation import simulate

from .system import System

SECRET = "a-secret-of-a-station"


@pytest.mark.parametrize("quirks", QUIRKS)
async def test_a_quirk_costs_no_energy(system: System, name: str, tag: str, quirks: str) -> None:
    simulation = Simulation(
        url=system.gateways[0],
        prefix=f"Quirk-{name}-",
        stations=3,
        version="mixed",
        duration=0.3,
        meter_interval=0.1,
        power=50_000_000,
        id_tag=tag,
        password=SECRET,
        quirks=quirks,
        register=system.device,
        api_token=system.http.headers["Authorization"].removeprefix("Bearer "),
    )
    async with asyncio.timeout(30):
        summary = await simulate(simulation, lambda progress: None)

    assert (summary.sessions, summary.lost_messages, summary.unreachable_stations) == (3, 0, 0), (
        summary.errors
    )
    metered = {ended.station_id: ended.energy_wh for ended in summary.transactions}
    billed = {}
    async with asyncio.timeout(30):
        while len(billed) < len(metered):
            for id in metered:
                for transaction in await system.transactions(id):
                    if not transaction["active"]:
                        billed[id] = transaction["energyWh"]
            await asyncio.sleep(0.05)
    assert billed == metered
