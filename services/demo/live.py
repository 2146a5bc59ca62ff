"""The stations of the demo as they are now: drivers come and go, and some stations have troubles."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial
from random import Random

from libs.ocpp_messages.version import Version
from services.simulator import commands_v2, commands_v16
from services.simulator.connection import StationContext
from services.simulator.connector import Connector
from services.simulator.messages import Transaction
from services.simulator.options import Simulation
from services.simulator.quirks import QUIRKS, Json, Quirk
from services.simulator.station import Station
from services.simulator.statistics import Statistics

from . import scenario
from .scenario import DRIVERS, DemoStation, Model
from .sessions import vehicle_of

RAMP = 10.0
"""Seconds in which the stations come."""

BUSY_AT_FIRST = 0.4
"""Share of the connectors where a car comes at once."""

LONGEST_SESSION = 3600.0
"""Seconds, of one that nobody ends."""


def _refuses_lists(action: str, response: Json) -> Json:
    return {"status": "Failed"} if action == "SendLocalList" else response


_QUIRKS = {
    scenario.ODD_TIMES: QUIRKS["spaced-times"],
    scenario.MUTE: QUIRKS["mute"],
    scenario.NO_LIST: Quirk(description="refuses its local list", response=_refuses_lists),
}

_UNKNOWN = DemoStation(
    scenario.UNKNOWN_STATION, "", 0, 0, Model("Elbwerk", "Kai 11", Version.V16, "3.9.0", 11_000, connectors=1)
)


class _Forgetful(Statistics):
    """A demo may run for weeks: it keeps nothing that grows with the time."""

    def add_transaction(self, station_id: str, transaction: Transaction, energy_wh: int) -> None:
        self.energy_wh += energy_wh


class LiveStation(Station):
    """A car comes to each connector now and then, and leaves when its driver likes."""

    def __init__(self, station: DemoStation, context: StationContext) -> None:
        version = station.model.version
        super().__init__(context, commands_v16.router if version is Version.V16 else commands_v2.router)
        self._random = context.random
        for connector in self.connectors(0):
            connector.next_vehicle = partial(vehicle_of, station.model, self._random)
            connector.knows_soc = station.model.is_dc
        if station.trouble == scenario.FAULTED:
            self.connectors(0)[-1].break_down()

    async def serve_drivers(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for connector in self.connectors(0):
                tasks.create_task(self._serve_drivers_at(connector))

    async def _serve_drivers_at(self, connector: Connector) -> None:
        at_once = self._random.random() < BUSY_AT_FIRST
        await asyncio.sleep(self._random.uniform(0, 5) if at_once else self._random.uniform(60, 1800))
        while True:
            await self._serve_driver(connector)
            await asyncio.sleep(self._random.uniform(120, 1800))

    async def _serve_driver(self, connector: Connector) -> None:
        async with asyncio.TaskGroup() as tasks:
            visit = tasks.create_task(connector.charge(self._random.choice(DRIVERS)["idToken"]))
            await asyncio.wait([visit], timeout=self._random.uniform(300, 2700))
            if connector.transaction is not None:
                connector.transaction.stop("Local")


async def run_stations(stations: Sequence[DemoStation], url: str, seed: int) -> None:
    """All but the one that is away, and one that nobody has registered, until cancelled."""
    here = [*(one for one in stations if one.trouble != scenario.AWAY), _UNKNOWN]
    statistics = _Forgetful(len(here), latencies=deque(maxlen=0))
    async with asyncio.TaskGroup() as tasks:
        for number, station in enumerate(here):
            delay = RAMP * number / len(here)
            tasks.create_task(_run_station(station, delay, url, seed, statistics))


async def _run_station(
    station: DemoStation, delay: float, url: str, seed: int, statistics: Statistics
) -> None:
    await asyncio.sleep(delay)
    simulation = Simulation(
        url=url,
        connectors=station.model.connectors,
        power=station.model.power_w,
        duration=LONGEST_SESSION,
        meter_interval=15,
        password="not its secret" if station.trouble == scenario.WRONG_SECRET else station.secret,
        connect_attempts=1_000_000,
        max_retry_interval=30,
    )
    context = StationContext(
        id=station.id,
        simulation=simulation,
        messages=station.messages,
        statistics=statistics,
        random=Random(f"{seed}-{station.id}-now"),
        quirk=_QUIRKS.get(station.trouble) or Quirk(description="none"),
    )
    await LiveStation(station, context).run()
