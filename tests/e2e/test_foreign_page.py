"""What a page of somebody else, in a real browser on the operator's machine, gets of a CSMS on that machine.

No identity is configured, so whoever calls from this machine may do everything.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from ..browser import FOREIGN_HOST
from .foreign_page import (
    FOREIGN_SECRET,
    FORMS,
    OPEN_STATION,
    OTHERS,
    POSTS,
    PREFLIGHTED,
    READ,
    READING,
    SCRIPT,
    SECRET,
    SIMPLE,
    STATION,
    STATIONS,
    SUBPROTOCOLS,
    Act,
    Csms,
    tapped_csms,
)
from .station import booted_station, station
from .test_door import attempts, eventually


@pytest.fixture(scope="module")
async def csms(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Csms]:
    async with tapped_csms(tmp_path_factory.mktemp("local")) as started:
        yield started


@pytest.fixture(scope="module")
async def tab(browser: Browser) -> AsyncIterator[Page]:
    async with await browser.new_context() as context:
        yield await context.new_page()


@pytest.fixture(params=["127.0.0.1", FOREIGN_HOST], ids=["other port", "other host"])
async def page(request: pytest.FixtureRequest, tab: Page, csms: Csms) -> Page:
    """The foreign page: to browsers the one with another port only is of the same site as the APIs."""
    await tab.goto(f"http://{request.param}:{csms.foreign_port}/")
    return tab


@pytest.mark.parametrize(("ways", "acts"), [(SIMPLE, POSTS), (FORMS, POSTS[:2])], ids=["scripts", "forms"])
async def test_what_a_page_may_send_unasked_is_refused(
    csms: Csms, page: Page, ways: list[str], acts: list[Act]
) -> None:
    async with csms.unchanged():
        answers = await csms.answers_to(page, ways, acts)

    assert answers == dict.fromkeys(ways, [("POST", 403)] * len(acts))


async def test_what_a_page_must_ask_for_is_not_allowed(csms: Csms, page: Page) -> None:
    acts = POSTS + OTHERS

    async with csms.unchanged():
        answers = await csms.answers_to(page, PREFLIGHTED, acts)

    assert answers == dict.fromkeys(PREFLIGHTED, [("OPTIONS", 405)] * len(acts))


async def test_a_form_that_leads_away_from_the_page_is_refused(csms: Csms, page: Page) -> None:
    act = ["POST", csms.url("device", f"/chargingstations/delete/{STATION}"), "{}"]

    async with csms.unchanged():
        async with page.expect_navigation() as navigation:
            await page.evaluate("act => form('text/plain', {})(act)", act)
        answer = await navigation.value

    assert answer is not None and answer.status == 403


async def test_a_page_reads_nothing_and_learns_of_no_id(csms: Csms, page: Page) -> None:
    async with csms.unchanged():
        shown, statuses = await csms.shown_to(page)

    assert shown == dict.fromkeys(READING, ["nothing"] * len(READ))
    assert statuses == dict.fromkeys(READING, {200, 404, 405})


async def test_a_page_frames_no_page_of_an_api(csms: Csms, page: Page) -> None:
    framed = []
    for path in ("/docs", "/idtokens"):
        async with page.expect_event("framenavigated") as navigation:
            await page.evaluate("url => void frame({ src: url })", csms.url("user", path))
        framed.append((await navigation.value).url)

    assert framed == ["chrome-error://chromewebdata/"] * 2


async def test_a_page_keeps_no_hold_of_a_window_that_it_opens(csms: Csms, page: Page) -> None:
    async with page.expect_popup() as popup:
        await page.evaluate("url => { window.opened = open(url) }", csms.url("user", "/idtokens"))
    window = await popup.value
    await window.wait_for_url("**/idtokens")

    await page.wait_for_function("opened.closed", timeout=10_000)
    await window.close()


async def test_a_page_connects_as_no_station(csms: Csms, page: Page) -> None:
    paths = [f"/ocpp/{id}" for id in (*STATIONS, "NONE")]
    urls = [csms.url("gateway", path).replace("http:", "ws:") for path in paths]

    async with csms.unchanged():
        closed = [
            await page.evaluate("([url, names]) => handshake(url, names)", [url, SUBPROTOCOLS])
            for url in urls
        ]

    assert closed == [1006] * len(paths)
    assert csms.taps["gateway"].exchanges == [("GET", path, 403) for path in paths]
    attempt, *_ = await eventually(lambda: attempts(csms.system, stationId=OPEN_STATION))
    assert (attempt["reason"], attempt["subprotocols"]) == ("foreignOrigin", SUBPROTOCOLS)


@asynccontextmanager
async def rebound_page(browser: Browser, port: int) -> AsyncIterator[Page]:
    """A page of a foreign name with this port, which its owner served before the name led to this machine.

    The document is the answer of the server itself, so the script has to be put in against the rules of that.
    """
    async with await browser.new_context(bypass_csp=True) as context:
        page = await context.new_page()
        await page.goto(f"http://{FOREIGN_HOST}:{port}/")
        await page.add_script_tag(content=SCRIPT)
        yield page


@pytest.mark.parametrize("service", ["device", "user"])
async def test_by_a_rebound_name_an_api_is_not_there(csms: Csms, browser: Browser, service: str) -> None:
    changes = [[method, path, json.dumps(body)] for method, of, path, body in POSTS + OTHERS if of == service]
    reads = [["GET", path, None] for of, path in [*READ, (service, "/")] if of == service]
    acts = changes + reads

    async with csms.unchanged(), rebound_page(browser, csms.taps[service].port) as page:
        answers = await page.evaluate("acts => Promise.all(acts.map(sameOrigin))", acts)

    assert [status for status, _ in answers] == [421] * len(acts)
    assert {text for _, text in answers} == {answers[0][1]}


async def test_by_a_rebound_name_nobody_connects_as_a_station(csms: Csms, browser: Browser) -> None:
    port = csms.taps["gateway"].port
    url = f"ws://{FOREIGN_HOST}:{port}/ocpp/{OPEN_STATION}"

    async with csms.unchanged(), rebound_page(browser, port) as page:
        closed = await page.evaluate("([url, names]) => handshake(url, names)", [url, SUBPROTOCOLS])

    assert closed == 1006
    assert csms.taps["gateway"].exchanges == [("GET", "/", 200), ("GET", f"/ocpp/{OPEN_STATION}", 403)]


async def test_the_page_of_the_api_itself_works_and_needs_no_other_host(csms: Csms, browser: Browser) -> None:
    """What is refused to other pages is not refused to pages as such."""
    async with await browser.new_context() as context:
        page = await context.new_page()
        errors: list[str] = []
        hosts = set()
        page.on("console", lambda said: errors.append(said.location["url"]) if said.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
        await page.goto(csms.url("user", "/docs"))
        operation = page.locator(".opblock-post", has=page.locator('[data-path="/idtokens"]'))
        await operation.locator(".opblock-summary-control").click()
        await operation.locator(".try-out__btn").click()
        await operation.locator("textarea").fill('{"idToken": "OWN"}')
        await operation.locator(".execute").click()
        status = await operation.locator(".live-responses-table .response-col_status").last.text_content()

    assert status is not None and status.strip() == "201"
    assert (await csms.system.get(f"{csms.system.user}/idtokens/OWN"))["idToken"] == "OWN"
    assert hosts == {f"127.0.0.1:{csms.taps['user'].port}"}
    assert [url for url in errors if not url.endswith("/favicon.ico")] == []


async def test_after_all_of_that_a_station_connects_by_its_own_secret_and_by_no_other(csms: Csms) -> None:
    def headers(secret: str) -> dict[str, str]:
        return {"Authorization": f"Basic {b64encode(f'{STATION}:{secret}'.encode()).decode()}"}

    gateway = csms.system.gateways[0]
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{gateway}/{STATION}", additional_headers=headers(FOREIGN_SECRET))
    async with station(gateway, STATION, additional_headers=headers(SECRET)) as connected:
        assert (await connected.boot())["status"] == "Accepted"
    async with booted_station(gateway, OPEN_STATION):
        pass

    assert refused.value.response.status_code == 401
