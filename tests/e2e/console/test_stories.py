"""What people do with the console, in a real browser, under its own Content-Security-Policy."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from libs.csms.access.sessions import CSRF_HEADER

from ..station import booted_station
from ..system import System, embedded_system

PASSWORD = "four words of a song"

WAIT = 20_000
"""Milliseconds until what should appear has to be there."""


@pytest.fixture
async def page(browser: Browser, embedded_csms: System) -> AsyncIterator[Page]:
    async with await browser.new_context(base_url=embedded_csms.console, locale="en-GB") as context:
        context.set_default_timeout(WAIT)
        opened = await context.new_page()
        errors: list[str] = []
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        yield opened
        assert [error for error in errors if "status of 4" not in error] == []


async def test_a_new_station_is_registered_connects_and_is_found(
    page: Page, embedded_csms: System, name: str
) -> None:
    await page.goto("/stations")
    await page.get_by_text("Register a station").click()
    await page.get_by_label("Id", exact=True).fill(f"NEW-{name}")
    await page.get_by_role("button", name="Register").click()
    await expect(page).to_have_url(re.compile(f"/stations/NEW-{name}$"))

    async with booted_station(embedded_csms.gateways[0], f"NEW-{name}"):
        await page.goto(f"/stations?q=new-{name}")
        row = page.get_by_role("row", name=f"NEW-{name}")
        await expect(row).to_contain_text("ocpp2.0.1")


async def test_the_list_shows_what_happens_without_a_reload(
    page: Page, embedded_csms: System, name: str
) -> None:
    id = f"LIVE-{name}"
    await embedded_csms.register(id)
    await page.goto(f"/stations?q={id}")
    row = page.get_by_role("row", name=id)
    await expect(row).to_contain_text("Offline")

    async with booted_station(embedded_csms.gateways[0], id) as station:
        await expect(row).to_contain_text("Online", timeout=WAIT)
        status = {
            "timestamp": "2026-11-22T00:00:00Z",
            "connectorStatus": "Faulted",
            "evseId": 1,
            "connectorId": 1,
        }
        await station.call("StatusNotification", status)
        await expect(row).to_contain_text("Faulted", timeout=WAIT)
    await expect(row).to_contain_text("Offline", timeout=WAIT)


async def test_a_list_is_searched_as_one_types_and_its_address_can_be_sent_to_others(
    page: Page, embedded_csms: System, name: str
) -> None:
    await embedded_csms.register(f"A-{name}", f"B-{name}")
    await page.goto("/stations")

    await page.get_by_label("Search", exact=True).press_sequentially(f"b-{name}")

    await expect(page.get_by_role("row", name=f"B-{name}")).to_be_visible()
    await expect(page.get_by_role("row", name=f"A-{name}")).to_have_count(0)
    await expect(page).to_have_url(re.compile(f"q=b-{name}"))
    await expect(page.get_by_label("Search", exact=True)).to_be_focused()
    sent = page.url
    await page.get_by_role("link", name=f"B-{name}").click()
    await page.go_back()
    await expect(page).to_have_url(sent)
    await expect(page.get_by_role("row", name=f"B-{name}")).to_be_visible()
    await expect(page.get_by_label("Search", exact=True)).to_have_value(f"b-{name}")


async def test_a_page_heals_when_the_server_has_restarted(
    browser: Browser, tmp_path: Path, name: str
) -> None:
    async with (
        embedded_system(tmp_path) as system,
        await browser.new_context(base_url=system.console, locale="en-GB") as context,
    ):
        await system.register("CS1")
        page = await context.new_page()
        await page.goto("/stations")
        row = page.get_by_role("row", name="CS1")
        await expect(row).to_contain_text("Offline")
        csms = system.processes["csms"]
        csms.stop()
        await csms.start()

        async with booted_station(system.gateways[0], "CS1"):
            await expect(row).to_contain_text("Online", timeout=3 * WAIT)


async def test_a_viewer_sees_no_act_and_is_refused_one(browser: Browser, tmp_path: Path) -> None:
    async with (
        embedded_system(tmp_path) as system,
        await browser.new_context(base_url=system.console, locale="en-GB") as context,
    ):
        for id, role in (("root", "admin"), ("vera", "viewer")):
            body = {"id": id, "name": id, "role": role, "password": PASSWORD}
            added = await system.http.post(f"{system.user}/users", json=body)
            if added.status_code == 401:  # the first person has closed the API
                entered = {"user": "root", "password": PASSWORD}
                session = await system.http.post(f"{system.user}/sessions", json=entered)
                system.http.headers.pop("Authorization")
                system.http.headers[CSRF_HEADER] = session.json()["csrfToken"]
                added = await system.http.post(f"{system.user}/users", json=body)
            assert added.status_code == 201, added.text
        page = await context.new_page()
        await page.goto("/stations")
        await page.get_by_label("User name").fill("vera")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page).to_have_url(re.compile("/stations$"))
        await expect(page.get_by_text("Register a station")).to_have_count(0)

        [csrf] = await page.locator('input[name="csrf"]').evaluate_all("all => all.map(one => one.value)")
        form = {"id": "CS1", "csrf": csrf}
        refused = await context.request.post("/stations", form=form)
        assert refused.status == 403
        foreign = {"Origin": "https://evil.example"}
        assert (await context.request.post("/stations", form=form, headers=foreign)).status == 403


async def test_everything_is_reached_by_the_keyboard_alone(
    page: Page, embedded_csms: System, name: str
) -> None:
    await page.goto("/")
    await page.keyboard.press("Tab")
    await expect(page.get_by_text("Skip to the content")).to_be_focused()

    await page.keyboard.press("Control+k")
    await page.keyboard.type("stati")
    await page.keyboard.press("Enter")

    await expect(page).to_have_url(re.compile("/stations$"))
