"""One fuzz run against a CSMS in a process of its own, and what must hold after it."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from libs.ocpp_messages.version import Version
from tests.e2e.system import System, embedded_system

from .requests import FuzzClient
from .stations import FuzzStation, charge_until

STATIONS = 96
CLIENTS = 4
"""Of each API."""

GOOD = ("1.6", "2.0.1", "2.1")
WARM_UP = 0.1
"""Share of the run after which memory is compared with its end: caches and pools are filled by then."""


@dataclass
class Outcome:
    seed: str
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    rss_warm: float = 0.0
    """MB after ``WARM_UP``."""
    rss_end: float = 0.0
    rss_peak: float = 0.0
    stored: float = 0.0
    """MB on disk."""
    failures: list[str] = field(default_factory=list)


async def fuzz(
    folder: Path,
    frames: int,
    requests: int,
    seed: str,
    seconds: float,
    report: Callable[[Outcome], None] = lambda outcome: None,
) -> Outcome:
    """``seconds`` are all that it may take, however many frames and requests have been sent by then."""
    outcome, ended = Outcome(seed), asyncio.Event()
    async with embedded_system(folder, LOG_LEVEL="ERROR") as system:
        fuzzed = [f"FUZZ-{n}" for n in range(STATIONS)]
        await system.register(*fuzzed, *(f"GOOD-{version}" for version in GOOD))
        await system.token("TAG")
        clients = await _clients(system, seed, outcome)
        stations = [
            FuzzStation(system, id, version, f"{seed} {id}", outcome.counts)
            for id, version in zip(fuzzed, [*Version] * STATIONS, strict=False)
        ]
        begun = time.monotonic()
        until = asyncio.get_running_loop().time() + seconds
        async with asyncio.TaskGroup() as tasks:

            def start(name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
                return tasks.create_task(_noted(name, work, outcome.failures))

            watching = tasks.create_task(_watch(system, frames, outcome, report))
            charging = [
                start(
                    f"station of {version} that charges",
                    charge_until(ended, system, f"GOOD-{version}", version, "TAG", outcome.counts),
                )
                for version in GOOD
            ]
            attacks = [start(station.id, station.run(-(-frames // STATIONS), until)) for station in stations]
            attacks += [
                start("client", client.run(-(-requests // len(clients)), until)) for client in clients
            ]
            await asyncio.wait(attacks)
            outcome.seconds = time.monotonic() - begun
            ended.set()
            await asyncio.wait(charging)
            watching.cancel()
        outcome.failures += [failure for client in clients for failure in client.failures]
        outcome.rss_end = rss(system)
        outcome.failures += await _failures(system, outcome)
    outcome.stored = sum(path.stat().st_size for path in folder.glob("csms.db*")) / 1e6
    outcome.failures += logged_failures(folder / "csms.log")
    return outcome


async def _noted(name: str, work: Coroutine[Any, Any, None], failures: list[str]) -> None:
    """A failure ends no other part of the run."""
    try:
        await work
    except Exception as error:
        failures.append(f"{name}: {''.join(traceback.format_exception(error))[-1_500:]}")


async def _clients(system: System, seed: str, outcome: Outcome) -> list[FuzzClient]:
    clients = []
    for url in (system.device, system.transaction, system.user):
        openapi = await system.get(f"{url}/openapi.json")
        for n in range(CLIENTS):
            clients.append(FuzzClient(url, openapi, f"{seed} {url.rpartition(':')[0]} {n}", outcome.counts))
    return clients


async def _watch(system: System, frames: int, outcome: Outcome, report: Callable[[Outcome], None]) -> None:
    reported_at = time.monotonic()
    while True:
        await asyncio.sleep(0.5)
        outcome.rss_end = rss(system)
        outcome.rss_peak = max(outcome.rss_peak, outcome.rss_end)
        if not outcome.rss_warm and outcome.counts["frames"] >= WARM_UP * frames:
            outcome.rss_warm = outcome.rss_end
        if time.monotonic() - reported_at > 15:
            reported_at = time.monotonic()
            report(outcome)


def rss(system: System) -> float:
    """MB of memory that the CSMS holds, without the pages of files that the kernel may take back."""
    popen = system.process_of("device").popen
    assert popen is not None
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{popen.pid}/status").read_text().splitlines())
    return int(fields["RssAnon"].split()[0]) / 1024


async def _failures(system: System, outcome: Outcome) -> list[str]:
    """What the CSMS itself says that it could not handle."""
    letters = (await system.get(f"{system.device}/deadletters?pageSize=100"))["items"]
    found = [f"dead letter of {one['subscription']}: {one['reason']}: {one['data'][:500]}" for one in letters]
    return found + [text for text in outcome.counts if text.startswith("InternalError")]


def logged_failures(log: Path) -> list[str]:
    """Every line at ERROR, as that is what a person has to look at."""
    found = []
    for line in log.read_bytes().splitlines():
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue  # the greeting of ``csms up``
        if entry["severity"] in ("ERROR", "CRITICAL"):
            found.append(f"{entry['message']}\n{entry.get('exception', '')}"[-1_500:])
    return found
