"""Every page is checked by axe (WCAG 2.2 AA), in both colour schemes, and as narrow as a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from services.console.browser_code import PACKAGES
from services.console.pages.station import SECTIONS
from services.console.rendering import NAVIGATION

from ..station import booted_station
from ..system import System

AXE = PACKAGES / "axe-core/axe.min.js"

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

CHECK = """async rules => {
  const found = await axe.run({ runOnly: rules });
  const where = one => one.nodes.map(node => node.target.join(" ")).slice(0, 5);
  return found.violations.map(one => [one.id, one.help, where(one)]);
}"""

SIZES = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 320, "height": 640}}

STATION = "AXE-1"

OF_STATION = ["", *(f"/{section.name}" for section in SECTIONS if section.name), "/reset", "/edit", "/delete"]
OF_COMMANDS = [
    f"/stations/{STATION}/commands?send=SetVariables",
    "/commands/many?send=Reset&group=north",
    "/commands/batches",
]

PAGES = [
    *(link.path for link in NAVIGATION),
    *(f"/stations/{STATION}{path}" for path in OF_STATION),
    *OF_COMMANDS,
    "/signin",
    "/stations?q=x&sort=-id",
    "/nothing-here",
]


@pytest.fixture(scope="module")
async def csms(embedded_csms: System) -> AsyncIterator[System]:
    """With a station that is there."""
    await embedded_csms.register(STATION)
    async with booted_station(embedded_csms.gateways[0], STATION):
        yield embedded_csms


@pytest.fixture(scope="module", params=["wide and light", "narrow and dark"])
async def page(request: pytest.FixtureRequest, browser: Browser, csms: System) -> AsyncIterator[Page]:
    size, _, scheme = request.param.split()
    viewport: Any = SIZES[size]
    async with await browser.new_context(
        base_url=csms.console, color_scheme=scheme, viewport=viewport, reduced_motion="reduce"
    ) as context:
        yield await context.new_page()


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_can_be_used_by_everybody(page: Page, path: str) -> None:
    await page.goto(path)
    await page.evaluate(Path(AXE).read_text())

    assert await page.evaluate(CHECK, RULES) == []
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(wider) <= 0, "the page is wider than the screen"
