"""``make pictures``: the README's pictures of the console, in both schemes, from a running ``csms demo``."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import httpx
from playwright.async_api import Browser, Page, async_playwright

from services.demo.scenario import LOST_MESSAGES, STATIONS, DemoStation

from .browser import ARGUMENTS

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
CONSOLE = "http://127.0.0.1:8080"
SIZE = 1280, 800
MAX_BYTES = 150_000
SCHEMES = "light", "dark"
DRAWN = 2.0
"""Seconds for curves and maps to be drawn: nothing tells when they are."""
LIVE_WITHIN = 90.0
"""Seconds in which the station sends meter values, which the live log shows, if it charges."""


def _lossy() -> DemoStation:
    return next(one for one in STATIONS if one.trouble == LOST_MESSAGES)


async def paths(console: str) -> dict[str, str]:
    """The page of each picture, by its name."""
    station = f"/stations/{_lossy().id}"
    return {
        "overview": "/",
        "map": "/map",
        "stations": "/stations",
        "station": station,
        "log": f"{station}/log",
        "transaction": await _lossy_transaction(console),
    }


async def _lossy_transaction(console: str) -> str:
    """Where the overview leads, as it lists sessions with warnings. The first of them, for it is alone."""
    async with httpx.AsyncClient(base_url=console, timeout=20, trust_env=False) as http:
        page = (await http.get("/")).text
    start = page.index(f'"/transactions/{_lossy().id}') + 1
    return page[start : page.index('"', start)]


async def take(browser: Browser, console: str, scheme: str, name: str, path: str) -> None:
    context = await browser.new_context(
        viewport={"width": SIZE[0], "height": SIZE[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="Europe/Berlin",
    )
    page = await context.new_page()
    answer = await page.goto(console + path)
    if answer is None or not answer.ok:
        raise SystemExit(f"{path}: HTTP {answer.status if answer else 'nothing'}")
    if name == "log":
        await page.get_by_text("TransactionEvent", exact=True).nth(1).wait_for(timeout=LIVE_WITHIN * 1000)
    if name == "transaction":
        await page.get_by_role("heading", name="What happened, and why").evaluate("e => e.scrollIntoView()")
    await asyncio.sleep(DRAWN)
    await _shot(page, FOLDER / f"{name}-{scheme}.png")
    await context.close()


async def _shot(page: Page, file: Path) -> None:
    await page.screenshot(path=file)
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise SystemExit(f"{file}: {size} bytes are more than {MAX_BYTES}")
    print(f"{file.relative_to(FOLDER.parents[1])} {size // 1000} kB")


async def main(console: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS) as browser,
    ):
        for name, path in (await paths(console)).items():
            for scheme in SCHEMES:
                await take(browser, console, scheme, name, path)


if __name__ == "__main__":
    asyncio.run(main(*(sys.argv[1:] or [CONSOLE])))
