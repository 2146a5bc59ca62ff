"""The row of the console: a fleet in lists, the weight of its pages, and how soon one sees what happens."""

from __future__ import annotations

import asyncio
import gzip
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx

from .csms import Csms
from .load import connect_and_boot, member
from .results import Figure, percentile
from .traffic import VERSIONS

REQUESTS = 200
"""Of each kind."""

MAX_LIST_MS = 15.0
MAX_FIRST_VISIT_KB = 70.0
MAX_PAGE_KB = 10.0
MAX_MAP_KB = 250.0
MAX_DELAY_MS = 400.0
MAX_GROWTH_MB = 40.0

PAUSE = 0.3
"""Seconds between two things that happen: longer than the console gathers changes."""

STATUS = (
    b',"StatusNotification",{"timestamp":"2026-11-22T00:00:00Z","connectorStatus":"%s","evseId":1,'
    b'"connectorId":1}]'
)


async def console_figures(row: str, csms: Csms, ids: Sequence[str], changes: int = 50) -> Sequence[Figure]:
    """Of a CSMS in which these stations are registered."""
    before = csms.resident_bytes()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{csms.console_port}", timeout=60) as browser:
        first = await _weight(browser, "/")
        assets = [await _weight(browser, path) for path in await _assets_of(browser, "/")]
        page = await _weight(browser, "/stations")
        map_assets = await _assets_of(browser, "/map")
        of_map = [await _weight(browser, path) for path in ("/map", "/map.json", *map_assets)]
        lists = [await _latencies(browser, path) for path in ("/stations", f"/stations?q={ids[-1][:-1]}")]
        growth = (csms.resident_bytes() - before) / 1e6
        delays = await _delays(browser, csms, ids[0], changes)
    return [
        Figure(
            row,
            f"list of {len(ids):,} stations, p99",
            percentile(lists[0], 99) * 1e3,
            "ms",
            below=MAX_LIST_MS,
        ),
        Figure(row, "search, p99", percentile(lists[1], 99) * 1e3, "ms", below=MAX_LIST_MS),
        Figure(row, "first visit, gzip", first + sum(assets), "KiB", below=MAX_FIRST_VISIT_KB),
        Figure(row, "page of a list, gzip", page, "KiB", below=MAX_PAGE_KB),
        Figure(row, "map, gzip", sum(of_map), "KiB", below=MAX_MAP_KB),
        Figure(
            row, "from the event to the stream, p95", percentile(delays, 95) * 1e3, "ms", below=MAX_DELAY_MS
        ),
        Figure(row, "growth of the process", growth, "MB", below=MAX_GROWTH_MB),
    ]


async def _weight(browser: httpx.AsyncClient, path: str) -> float:
    """KiB of the answer, as a browser gets it."""
    answer = await browser.get(path)
    answer.raise_for_status()
    return len(gzip.compress(answer.content, 6)) / 1024


async def _assets_of(browser: httpx.AsyncClient, path: str) -> list[str]:
    return sorted(set(re.findall(r"/assets/[^\"#]+", (await browser.get(path)).text)))


async def _latencies(browser: httpx.AsyncClient, path: str) -> list[float]:
    """Seconds, one request after another."""
    found = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        (await browser.get(path)).raise_for_status()
        found.append(time.perf_counter() - began)
    return found


async def _delays(browser: httpx.AsyncClient, csms: Csms, id: str, changes: int) -> list[float]:
    """Seconds from a StatusNotification to the row that has changed."""
    station, traffic = member(csms, id, VERSIONS.index("ocpp2.0.1"))
    await connect_and_boot((station, traffic))
    found = []
    async with _stream(browser, f"/stream/stations?q={id}") as lines:
        await asyncio.sleep(2)  # until the subscriptions are there, and what the station began with is shown
        for number in range(changes):
            status = b"Occupied" if number % 2 else b"Faulted"
            shown = asyncio.create_task(_until(lines, status.decode()))
            began = time.perf_counter()
            await station.call_and_wait(STATUS % status)
            async with asyncio.timeout(10):
                found.append(await shown - began)
            await asyncio.sleep(PAUSE)
    station.abort()
    return found


@asynccontextmanager
async def _stream(browser: httpx.AsyncClient, path: str) -> AsyncIterator[AsyncIterator[str]]:
    async with browser.stream("GET", path) as answer:
        answer.raise_for_status()
        yield answer.aiter_lines()


async def _until(lines: AsyncIterator[str], word: str) -> float:
    """When a line with the word came."""
    async for line in lines:
        if word in line:
            return time.perf_counter()
    raise EOFError("the stream has ended")
