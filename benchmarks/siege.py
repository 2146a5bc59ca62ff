"""``python -m benchmarks.siege``: what attacks do to stations that charge meanwhile.

Each attack is made in ``ROUNDS`` parts, and the same CSMS is measured before and during each. An attack may
not make the CSMS grow by ``MAX_GROWTH``, nor the 99th percentile of the stations' calls ``MAX_SLOWDOWN`` as
long. Of the rounds, the median counts: others may use the machine too.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated

import httpx
import orjson
import typer
import uvloop
from rich.console import Console

from .__main__ import figures_table
from .attacks import CLIENTS, GUESSED_STATION
from .csms import THIS_CHECKOUT, Csms, csms, register
from .load import Fleet, charging, open_loop
from .results import Figure, Results, percentile, write
from .run import allow_many_sockets

STATIONS = 100
CALLS_PER_SECOND = 200
"""Of all stations together, which is more than so many send."""

MAX_GROWTH = 50.0
"""MB."""
MAX_SLOWDOWN = 2.0

ROUNDS = 6

WARM_UP = 10.0
"""Seconds of traffic before anything is measured."""
RECOVERY = 3.0
"""Seconds after an attack that belong to neither phase."""
MEMORY_INTERVAL = 0.25
NICENESS = "10"
"""Of the attackers: they are on other machines in life, and must not take the processor from the CSMS."""


@dataclass
class Phase:
    """What was measured in some seconds of traffic."""

    p99: float
    """Milliseconds from when a call was due to its CALLRESULT."""
    peak: float
    """MB of the CSMS at most."""
    errors: int
    """Calls without a CALLRESULT."""
    cpu: float
    """Per cent of one processor that the CSMS used."""


async def siege(attacks: Sequence[str], seconds: float, report: Callable[[str], None]) -> Results:
    """``report`` is called with what begins."""
    allow_many_sockets()
    results = Results()
    ids = [f"SIEGE-{number:05d}" for number in range(STATIONS)]
    with TemporaryDirectory() as folder:
        async with csms(THIS_CHECKOUT, Path(folder)) as running:
            await register(running, ids)
            await _close(running)
            async with charging(running, ids) as fleet:
                report("warm-up")
                await open_loop(fleet, CALLS_PER_SECOND, WARM_UP)
                for attack in attacks:
                    results.figures += await _under(attack, running, fleet, seconds / ROUNDS, report)
    return results


async def _under(
    attack: str, running: Csms, fleet: Fleet, seconds: float, report: Callable[[str], None]
) -> list[Figure]:
    before, during, counts = [], [], Counter[str]()
    for number in range(1, ROUNDS + 1):
        report(f"{attack}, round {number} of {ROUNDS}")
        before.append(await _measure(running, fleet, seconds))
        process = await _attackers(attack, running, seconds)
        during.append(await _measure(running, fleet, seconds))
        counts.update(orjson.loads((await process.communicate())[0]))
        await open_loop(fleet, CALLS_PER_SECOND, RECOVERY)
    return figures_of(attack, before, during, counts, ROUNDS * seconds)


async def _close(running: Csms) -> None:
    """From now on every request needs a key, and there is a station whose secret can be guessed."""
    async with httpx.AsyncClient() as http:
        device = f"http://127.0.0.1:{running.device_port}/chargingstations"
        for url, body in (
            (device, {"id": GUESSED_STATION}),
            (f"{device}/{GUESSED_STATION}/credentials", {}),
            (f"http://127.0.0.1:{running.user_port}/keys", {"name": "siege", "role": "admin"}),
        ):
            (await http.post(url, json=body)).raise_for_status()


async def _attackers(attack: str, running: Csms, seconds: float) -> asyncio.subprocess.Process:
    ports = running.gateway_port, running.device_port, running.transaction_port, running.user_port
    command = ["nice", "-n", NICENESS, sys.executable, "-m", "benchmarks.attacks", attack, str(seconds)]
    return await asyncio.create_subprocess_exec(
        *command, *map(str, ports), cwd=THIS_CHECKOUT.folder, stdout=asyncio.subprocess.PIPE
    )


async def _measure(running: Csms, fleet: Fleet, seconds: float) -> Phase:
    peak = 0.0

    async def watch() -> None:
        nonlocal peak
        while True:
            peak = max(peak, running.resident_bytes() / 1e6)
            await asyncio.sleep(MEMORY_INTERVAL)

    watching, used = asyncio.create_task(watch()), running.cpu_seconds()
    try:
        load = await open_loop(fleet, CALLS_PER_SECOND, seconds)
    finally:
        watching.cancel()
    cpu = (running.cpu_seconds() - used) / seconds * 100
    return Phase(percentile(load.latencies, 99) * 1_000, peak, load.errors.total(), cpu)


def figures_of(
    attack: str, before: Sequence[Phase], during: Sequence[Phase], counts: Counter[str], seconds: float
) -> list[Figure]:
    ratio = median(after.p99 / earlier.p99 for earlier, after in zip(before, during, strict=True))
    growth = max(after.peak - earlier.peak for earlier, after in zip(before, during, strict=True))
    return [
        *(Figure(attack, what, count, "") for what, count in counts.items()),
        Figure(attack, "of the most frequent a second", max(counts.values(), default=0) / seconds, "/s"),
        Figure(attack, "p99 of stations before", median(phase.p99 for phase in before), "ms"),
        Figure(attack, "p99 of stations during", median(phase.p99 for phase in during), "ms"),
        Figure(attack, "ratio", ratio, "", below=MAX_SLOWDOWN),
        Figure(attack, "calls without an answer", sum(phase.errors for phase in during), "", below=1),
        Figure(attack, "processor before", median(phase.cpu for phase in before), "%"),
        Figure(attack, "processor during", median(phase.cpu for phase in during), "%"),
        Figure(attack, "memory before, at most", before[0].peak, "MB"),
        Figure(attack, "growth in one round, at most", growth, "MB", below=MAX_GROWTH),
    ]


def main(
    attacks: Annotated[str, typer.Option(help=f"Some of {','.join(CLIENTS)}.")] = ",".join(CLIENTS),
    seconds: Annotated[float, typer.Option(min=1, help="Of each attack, and of the times before it.")] = 60,
    results: Annotated[Path, typer.Option(help="Where the JSON file goes.")] = Path("bench-results"),
) -> None:
    """A missed budget is reported, and the exit status is 1."""
    chosen = [attack.strip() for attack in attacks.split(",")]
    if unknown := [attack for attack in chosen if attack not in CLIENTS]:
        raise typer.BadParameter(f"no such attack: {', '.join(unknown)}")
    console, at = Console(), datetime.now(UTC)
    found = uvloop.run(siege(chosen, seconds, lambda what: console.print(f"{what} …", highlight=False)))
    console.print(figures_table("Siege", found))
    about: dict[str, object] = {"commit": THIS_CHECKOUT.commit(), "seconds": seconds}
    console.print(f"written to {write(found, about, at, results)}", highlight=False, soft_wrap=True)
    sys.exit(any(figure.verdict == "MISSED" for figure in found.figures))


if __name__ == "__main__":
    typer.run(main)
