"""Row b: one station alone boots again and again."""

from __future__ import annotations

import time
from collections.abc import Sequence

from .figures import Figure, percentile
from .fleet import member, registered
from .size import Size


async def single(size: Size) -> Sequence[Figure]:
    latencies: list[float] = []
    async with registered(1) as (server, (id,)):
        station, traffic = member(server, id, 0)
        await station.connect()
        for _ in range(size.boots // 10):
            await station.ask(traffic.boot)
        for _ in range(size.boots):
            begun = time.perf_counter()
            await station.ask(traffic.boot)
            latencies.append(time.perf_counter() - begun)
        station.abort()
    what = "one station alone, BootNotification"
    return [
        Figure("b", f"{what}: p50", percentile(latencies, 50) * 1e3, "ms", below=2),
        Figure("b", f"{what}: p99", percentile(latencies, 99) * 1e3, "ms"),
    ]
