"""``csms demo``: tells the past, then opens the CSMS and lets the stations come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from libs.csms.clock import utc_now
from libs.csms.lifespan import until_signal
from libs.csms.settings import BadSetting, Settings
from services.processes import check_ports, run_all, silent

from .history import History, Told, tell
from .live import run_stations
from .operator import Operator
from .past import MovedClock
from .scenario import MAX_STATIONS, STATIONS, DemoStation

COMPLETE = "demo"
"""The file in the data folder that says that all of the past has been told."""


@dataclass(frozen=True)
class Demo:
    """What to show."""

    stations: int = MAX_STATIONS
    days: int = 30
    seed: int = 0

    @property
    def chosen(self) -> Sequence[DemoStation]:
        return STATIONS[: self.stations]


@dataclass(frozen=True)
class Shown:
    """What the terminal is told."""

    progress: Callable[[float], None]
    """The share of the past that is told, from 0 to 1."""
    told: Callable[[Told], None]
    started: Callable[[], None]
    """The CSMS accepts connections."""


async def run_demo(demo: Demo, settings: Settings, shown: Shown) -> None:
    """Until a signal, which may come at any time. Raises ``BadSetting`` where the folder has other data."""
    await check_ports(settings)
    async with until_signal():
        await tell_once(demo, settings, shown)
        await _run_live(demo, settings, shown)


async def tell_once(demo: Demo, settings: Settings, shown: Shown) -> None:
    """Nothing where the folder has all of its past. Raises ``BadSetting`` where it has other data."""
    complete = settings.data_dir / COMPLETE
    if complete.exists():
        return
    if (settings.data_dir / "csms.db").exists():
        raise BadSetting(f"{settings.data_dir}: it has data that is no complete demo; choose another folder")
    history = History(demo.chosen, demo.days, utc_now(), demo.seed)
    clock = MovedClock(history.since)
    async with silent(settings, clock, "csms demo") as csms:
        told = await tell(history, csms, clock, shown.progress)
    complete.write_text("The past of this demo has been told.\n")
    shown.told(told)


async def _run_live(demo: Demo, settings: Settings, shown: Shown) -> None:
    started = asyncio.Event()

    def announce() -> None:
        started.set()
        shown.started()

    async with asyncio.TaskGroup() as tasks:
        living = tasks.create_task(_live(demo, settings, started))
        await run_all(settings, announce)
        living.cancel()


async def _live(demo: Demo, settings: Settings, started: asyncio.Event) -> None:
    await started.wait()
    token = settings.api_token.get_secret_value() if settings.api_token else ""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(headers=headers, trust_env=False) as http:
        await Operator(settings, http, utc_now()).work(demo.chosen)
    path = settings.gateway_paths.partition(",")[0].rstrip("/")
    await run_stations(demo.chosen, f"ws://{settings.gateway_host}:{settings.gateway_port}{path}", demo.seed)
