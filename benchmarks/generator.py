"""The load generator's own cost, against a server that does nothing."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .figures import Figure
from .fleet import charging
from .load import closed_loop
from .server import Csms
from .size import Size


async def generator(size: Size) -> Sequence[Figure]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.echo",
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
    )
    try:
        assert process.stdout is not None
        port = int(await process.stdout.readline())
        server = Csms(process.pid, port, 0, 0, 0)
        async with charging(server, [f"ECHO-{number:05d}" for number in range(size.stations)]) as fleet:
            used: list[float] = []
            load = await closed_loop(
                fleet, size.warm_up / 5, size.round_measured / 2, lambda: used.append(time.process_time())
            )
            used.append(time.process_time())
    finally:
        process.terminate()
        await process.wait()
    calls = len(load.latencies)
    return [
        Figure(
            "generator", "load generator against a server that does nothing", load.calls_per_second, "calls/s"
        ),
        Figure("generator", "load generator's own CPU", (used[1] - used[0]) / calls * 1e6, "µs/call"),
    ]
