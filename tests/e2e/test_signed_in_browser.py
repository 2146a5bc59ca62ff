"""What a page of somebody else gets when the person in whose browser it is has signed in to the CSMS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page

from libs.csms.access.sessions import CSRF_HEADER, LOOPBACK_COOKIE

from ..browser import FOREIGN_HOST
from .foreign_page import FORMS, OTHERS, POSTS, PREFLIGHTED, READ, READING, SIMPLE, Csms, tapped_csms
from .system import TOKEN

PASSWORD = "four words of a song"

SIGN_IN = """password => fetch("/sessions", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ user: "anna", password }),
}).then(answer => answer.json())"""

WHO = "fetch('/me').then(async answer => [answer.status, (await answer.json()).id ?? null])"

ADD_TOKEN = """([idToken, headers]) => fetch("/idtokens", {
  method: "POST",
  headers: { "Content-Type": "application/json", ...headers },
  body: JSON.stringify({ idToken }),
}).then(answer => answer.status)"""


@pytest.fixture(scope="module")
async def csms(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Csms]:
    async with tapped_csms(tmp_path_factory.mktemp("people"), CSMS_API_TOKEN=TOKEN) as started:
        for id in ("anna", "mallory"):
            body = {"id": id, "name": id.title(), "role": "admin", "password": PASSWORD}
            added = await started.system.http.post(f"{started.system.user}/users", json=body)
            assert added.status_code == 201, added.text
        yield started


@pytest.fixture(scope="module")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    async with await browser.new_context() as opened:
        yield opened


@pytest.fixture(scope="module")
async def own_page(context: BrowserContext, csms: Csms) -> Page:
    opened = await context.new_page()
    await opened.goto(csms.url("user", "/docs/start.js"))
    return opened


@pytest.fixture(scope="module")
async def session(own_page: Page) -> dict[str, Any]:
    """Anna has signed in on the API's own page."""
    return dict(await own_page.evaluate(SIGN_IN, PASSWORD))


@pytest.fixture(scope="module")
async def tab(context: BrowserContext) -> Page:
    return await context.new_page()


@pytest.fixture(params=["127.0.0.1", FOREIGN_HOST], ids=["other port", "other host"])
async def page(request: pytest.FixtureRequest, tab: Page, csms: Csms, session: dict[str, Any]) -> Page:
    """The foreign page, in Anna's browser. Cookies know no ports: requests of the first one show hers."""
    await tab.goto(f"http://{request.param}:{csms.foreign_port}/")
    return tab


async def test_the_api_s_own_page_works_with_the_cookie_and_the_csrf_token(
    own_page: Page, context: BrowserContext, session: dict[str, Any]
) -> None:
    [cookie] = await context.cookies()
    with_token = {CSRF_HEADER: session["csrfToken"]}

    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (LOOPBACK_COOKIE, True, "Strict")
    assert await own_page.evaluate("document.cookie") == ""
    assert await own_page.evaluate(WHO) == [200, "anna"]
    assert await own_page.evaluate(ADD_TOKEN, ["WITHOUT", {}]) == 403
    assert await own_page.evaluate(ADD_TOKEN, ["WITH", with_token]) == 201


async def test_a_foreign_page_changes_nothing_in_the_name_of_who_has_signed_in(
    csms: Csms, page: Page
) -> None:
    async with csms.unchanged():
        scripts = await csms.answers_to(page, SIMPLE, POSTS)
        forms = await csms.answers_to(page, FORMS, POSTS[:2])
        asked = await csms.answers_to(page, PREFLIGHTED, POSTS + OTHERS)

    assert scripts == dict.fromkeys(SIMPLE, [("POST", 403)] * len(POSTS))
    assert forms == dict.fromkeys(FORMS, [("POST", 403)] * 2)
    assert {status for answers in asked.values() for _, status in answers} <= {401, 405}


async def test_a_foreign_page_reads_nothing_in_the_name_of_who_has_signed_in(csms: Csms, page: Page) -> None:
    async with csms.unchanged():
        shown, statuses = await csms.shown_to(page)

    assert shown == dict.fromkeys(READING, ["nothing"] * len(READ))
    shows_cookie = FOREIGN_HOST not in page.url
    assert statuses["fetch with credentials"] == ({200, 404, 405} if shows_cookie else {200, 401})


async def test_a_link_from_another_host_does_not_show_the_cookie(
    csms: Csms, tab: Page, session: dict[str, Any]
) -> None:
    await tab.goto(f"http://{FOREIGN_HOST}:{csms.foreign_port}/")
    async with tab.expect_navigation() as navigation:
        await tab.evaluate("url => { location.href = url }", csms.url("user", "/me"))

    assert (await navigation.value).status == 401


async def test_a_page_of_the_same_host_gives_nobody_another_session(
    csms: Csms, context: BrowserContext, own_page: Page, tab: Page, session: dict[str, Any]
) -> None:
    """Cookies know no ports. The one of the session is not replaced; beside another one it does not count."""
    async with httpx.AsyncClient(base_url=csms.system.user) as other:
        await other.post("/sessions", json={"user": "mallory", "password": PASSWORD})
        planted = f"{LOOPBACK_COOKIE}={other.cookies[LOOPBACK_COOKIE]}"
    await tab.goto(f"http://127.0.0.1:{csms.foreign_port}/")
    await tab.evaluate("cookie => { document.cookie = cookie }", planted)
    without_path = await own_page.evaluate(WHO)
    await tab.evaluate("cookie => { document.cookie = cookie }", f"{planted}; path=/me")
    with_path = await own_page.evaluate(WHO)
    await context.clear_cookies(path="/me")

    assert (without_path, with_path) == ([200, "anna"], [401, None])
