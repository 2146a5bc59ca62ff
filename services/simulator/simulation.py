"""Many simulated charging stations at once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from libs.ocpp_messages.version import Version

from . import commands2, commands16, reports  # noqa: F401  (each registers its answers)
from .dialect import Dialect
from .options import Simulation
from .registration import client, register
from .station import Station
from .tally import Progress, Summary, Tally
from .v2 import Dialect2
from .v16 import Dialect16


async def simulate(simulation: Simulation, report: Callable[[Progress], None]) -> Summary:
    """Returns when every station has left. Raises ``RegistrationFailed``; the summary has other failures."""
    async with client(simulation) as rest:
        await register(simulation, rest)
    tally = Tally(simulation.stations)
    async with asyncio.TaskGroup() as tasks:
        reporting = tasks.create_task(_reporting(tally, simulation.report_interval, report))
        async with asyncio.TaskGroup() as stations:
            for number in range(simulation.stations):
                stations.create_task(_station(number, simulation, tally))
        reporting.cancel()
    report(tally.progress())
    return tally.summary()


async def _station(number: int, simulation: Simulation, tally: Tally) -> None:
    await asyncio.sleep(simulation.ramp * number / simulation.stations)
    dialect = _dialect(simulation.station_version(number))
    chance = random.Random(f"{simulation.seed}-{number}")
    await Station(simulation.station_id(number), dialect, simulation, tally, chance).run()


def _dialect(version: Version) -> Dialect:
    return Dialect16() if version is Version.V16 else Dialect2(version)


async def _reporting(tally: Tally, interval: float, report: Callable[[Progress], None]) -> None:
    while True:
        report(tally.progress())
        await asyncio.sleep(interval)
