"""A headless Chromium of the system, driven by Playwright: the browser that people have."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

FOREIGN_HOST = "evil.example"
"""A name of somebody else, which resolves to this machine."""

_HOSTS = f"MAP {FOREIGN_HOST} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules={_HOSTS}",
]
"""No request leaves this machine."""


def _executable() -> str:
    """Skips the test where there is none, or fails it where the environment says that there has to be one."""
    if path := shutil.which("chromium"):
        return path
    reason = "there is no `chromium` in the PATH (Debian: apt-get install chromium)"
    if os.environ.get("CSMS_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """With a profile of its own, which is deleted in the end. Every test uses a context of its own."""
    path = _executable()
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(executable_path=path, args=ARGUMENTS) as launched,
    ):
        yield launched
