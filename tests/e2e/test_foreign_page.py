"""What a page of somebody else, in a real browser on the operator's machine, gets of a CSMS on that machine.

No identity is configured, so whoever calls from this machine may do everything.
"""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from ..browser import FOREIGN_HOST
from .station import Json, booted_station, station
from .system import System, embedded_system
from .test_door import attempts, eventually

SCRIPT = (Path(__file__).parent / "foreign_page.js").read_text()
STATIONS = STATION, OPEN_STATION = "CS001", "CS002"
"""``OPEN_STATION`` has no secret: nothing but its id is needed to connect in its name."""
TOKEN = "TAG1"
SECRET, FOREIGN_SECRET = "the-secret-of-the-station", "a-secret-of-somebody-else"
SUBPROTOCOLS = ["ocpp2.1", "ocpp2.0.1", "ocpp1.6"]

SIMPLE = [
    "fetch without a body",
    "fetch of text",
    "fetch without a referrer",
    "fetch of a form",
    "fetch of parts",
    "fetch of bytes",
    "fetch that outlives the page",
    "beacon",
]
FORMS = ["form of text", "form", "form of parts", "form in a sandbox"]
PREFLIGHTED = ["fetch of JSON", "fetch with a header", "beacon of JSON"]
READING = [
    "fetch",
    "fetch with credentials",
    "fetch without CORS",
    "script",
    "module",
    "image",
    "style",
    "events",
]

POSTS: list[tuple[str, str, Json]] = [
    ("device", f"/chargingstations/delete/{STATION}", {}),
    ("device", "/chargingstations/create", {"id": "EVIL"}),
    ("device", f"/chargingstations/{STATION}/credentials", {"secret": FOREIGN_SECRET}),
    ("device", f"/chargingstations/{STATION}/commands/Reset", {"type": "Immediate"}),
    ("device", f"/chargingstations/{STATION}/remote/start-session", {"idToken": TOKEN}),
    ("user", "/idtokens", {"idToken": "EVIL"}),
    ("user", "/keys", {"name": "EVIL", "role": "admin"}),
]
OTHERS: list[tuple[str, str, str, Json]] = [
    ("DELETE", "device", f"/chargingstations/{STATION}", {}),
    ("PUT", "device", f"/chargingstations/{STATION}", {"id": STATION, "registrationStatus": "Rejected"}),
    ("PATCH", "device", f"/chargingstations/{STATION}", {"registrationStatus": "Rejected"}),
    ("DELETE", "device", f"/chargingstations/{STATION}/credentials", {}),
    ("DELETE", "user", f"/idtokens/{TOKEN}", {}),
    ("PUT", "user", "/authorizationpolicies/Central", {"policy": "accept"}),
]
READ = [
    ("device", "/chargingstations"),
    ("device", f"/chargingstations/{STATION}"),
    ("device", "/chargingstations/NONE"),
    ("device", "/openapi.json"),
    ("device", "/docs"),
    ("device", "/docs/start.js"),
    ("device", "/docs/swagger-ui.css"),
    ("user", "/idtokens"),
    ("user", "/me"),
    # if reading did anything:
    ("device", f"/chargingstations/delete/{STATION}"),
    ("device", f"/chargingstations/{STATION}/credentials?secret={FOREIGN_SECRET}"),
    ("device", f"/chargingstations/{STATION}/commands/Reset?type=Immediate"),
    ("device", f"/chargingstations/{STATION}?_method=DELETE"),
]
NOT_STATE = ("/connectionattempts", "/deviations")
"""The one grows with every handshake that is refused, the other tells the time."""

REQUEST = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.1\r\n")
STATUS = re.compile(rb"HTTP/1\.1 (\d+) ")


@dataclass
class Tap:
    """A port that passes everything on to another one, and notes what was asked and how it was answered."""

    behind: int
    port: int = 0
    exchanges: list[tuple[str, str, int]] = field(default_factory=list)
    """Method, path and status. On a connection a browser waits for the answer before it asks again."""

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", self.behind)
        request: re.Match[bytes] | None = None

        def sent(data: bytes) -> None:
            nonlocal request
            request = REQUEST.match(data) or request

        def received(data: bytes) -> None:
            status = STATUS.match(data)
            if status and request and request[2] != b"/favicon.ico":
                self.exchanges.append((request[1].decode(), request[2].decode(), int(status[1])))

        async with asyncio.TaskGroup() as directions:
            directions.create_task(_pass_on(reader, behind_writer, sent))
            directions.create_task(_pass_on(behind_reader, writer, received))

    async def answers(self, count: int) -> list[tuple[str, int]]:
        """Methods and statuses, as soon as there are so many; then they are forgotten."""
        async with asyncio.timeout(30):
            while len(self.exchanges) < count:
                await asyncio.sleep(0.01)
        answers = [(method, status) for method, _, status in self.exchanges]
        self.exchanges.clear()
        return answers


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, note: Callable[[bytes], None]
) -> None:
    try:
        while data := await reader.read(65536):
            note(data)
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@dataclass
class Csms:
    """A system whose ports are tapped where a page attacks them. ``foreign_port`` is that of the page."""

    system: System
    taps: dict[str, Tap]
    foreign_port: int
    readable: list[str]
    """Addresses of all that the APIs show of the stations and of the whole."""

    def url(self, service: str, path: str) -> str:
        return f"http://127.0.0.1:{self.taps[service].port}{path}"

    async def answers(self, services: list[str]) -> list[tuple[str, int]]:
        """Methods and statuses, as soon as each service has answered as often as it is listed."""
        return [
            answer
            for service, tap in self.taps.items()
            for answer in await tap.answers(services.count(service))
        ]

    @asynccontextmanager
    async def unchanged(self) -> AsyncIterator[None]:
        """Whatever the APIs show is afterwards as it was before."""
        before = await self._state()
        for tap in self.taps.values():
            tap.exchanges.clear()
        yield
        assert await self._state() == before

    async def _state(self) -> dict[str, Any]:
        return {url: (await self.system.http.get(url)).json() for url in self.readable}


async def _readable(system: System) -> list[str]:
    found = []
    for api in (system.device, system.transaction, system.user):
        for path, methods in (await system.get(f"{api}/openapi.json"))["paths"].items():
            paths = [path.replace("/chargingstations/{id}", f"/chargingstations/{id}") for id in STATIONS]
            found += [api + each for each in paths if "get" in methods and "{" not in each]
    return [url for url in dict.fromkeys(found) if not url.endswith(NOT_STATE)]


async def _serve_foreign_page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(65536)
    headers = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
    writer.write(f"{headers}<!doctype html><body><script>{SCRIPT}</script>".encode())
    await writer.drain()
    writer.close()


@pytest.fixture(scope="module")
async def csms(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Csms]:
    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(embedded_system(tmp_path_factory.mktemp("local")))
        await system.register(*STATIONS)
        await system.token(TOKEN)
        credentials = f"{system.device}/chargingstations/{STATION}/credentials"
        assert (await system.http.post(credentials, json={"secret": SECRET})).status_code == 201
        urls = {"device": system.device, "user": system.user, "gateway": system.gateways[0]}
        taps = {name: Tap(int(re.findall(r":(\d+)", url)[0])) for name, url in urls.items()}
        for tap in taps.values():
            server = await asyncio.start_server(tap.connected, "127.0.0.1", 0)
            stack.callback(server.close)
            tap.port = server.sockets[0].getsockname()[1]
        foreign = await asyncio.start_server(_serve_foreign_page, "127.0.0.1", 0)
        stack.callback(foreign.close)
        yield Csms(system, taps, foreign.sockets[0].getsockname()[1], await _readable(system))


@pytest.fixture(scope="module")
async def tab(browser: Browser) -> AsyncIterator[Page]:
    async with await browser.new_context() as context:
        yield await context.new_page()


@pytest.fixture(params=["127.0.0.1", FOREIGN_HOST], ids=["other port", "other host"])
async def page(request: pytest.FixtureRequest, tab: Page, csms: Csms) -> Page:
    """The foreign page: to browsers the one with another port only is of the same site as the APIs."""
    await tab.goto(f"http://{request.param}:{csms.foreign_port}/")
    return tab


@pytest.mark.parametrize(("ways", "posts"), [(SIMPLE, POSTS), (FORMS, POSTS[:2])], ids=["scripts", "forms"])
async def test_what_a_page_may_send_unasked_is_refused(
    csms: Csms, page: Page, ways: list[str], posts: list[tuple[str, str, Json]]
) -> None:
    acts = [["POST", csms.url(service, path), json.dumps(body)] for service, path, body in posts]
    answers = {}

    async with csms.unchanged():
        for way in ways:
            await page.evaluate("([way, acts]) => send(way, acts)", [way, acts])
            answers[way] = await csms.answers([service for service, _, _ in posts])

    assert answers == dict.fromkeys(ways, [("POST", 403)] * len(posts))


async def test_what_a_page_must_ask_for_is_not_allowed(csms: Csms, page: Page) -> None:
    methods = [("POST", *post) for post in POSTS] + OTHERS
    acts = [[method, csms.url(service, path), json.dumps(body)] for method, service, path, body in methods]
    answers = {}

    async with csms.unchanged():
        for way in PREFLIGHTED:
            await page.evaluate("([way, acts]) => send(way, acts)", [way, acts])
            answers[way] = await csms.answers([service for _, service, _, _ in methods])

    assert answers == dict.fromkeys(PREFLIGHTED, [("OPTIONS", 405)] * len(methods))


async def test_a_form_that_leads_away_from_the_page_is_refused(csms: Csms, page: Page) -> None:
    act = ["POST", csms.url("device", f"/chargingstations/delete/{STATION}"), "{}"]

    async with csms.unchanged():
        async with page.expect_navigation() as navigation:
            await page.evaluate("act => form('text/plain', {})(act)", act)
        answer = await navigation.value

    assert answer is not None and answer.status == 403


async def test_a_page_reads_nothing_and_learns_of_no_id(csms: Csms, page: Page) -> None:
    urls = [csms.url(service, path) for service, path in READ]
    shown, statuses = {}, {}

    async with csms.unchanged():
        for way in READING:
            shown[way] = await page.evaluate("([way, urls]) => read(way, urls)", [way, urls])
            answers = await csms.answers([service for service, _ in READ])
            statuses[way] = sorted({status for _, status in answers})

    assert shown == dict.fromkeys(READING, ["nothing"] * len(urls))
    assert statuses == dict.fromkeys(READING, [200, 404, 405])


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

    assert await page.evaluate("opened.closed")
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
    posts = [["POST", path, json.dumps(body)] for of, path, body in POSTS if of == service]
    others = [[method, path, json.dumps(body)] for method, of, path, body in OTHERS if of == service]
    reads = [["GET", path, None] for of, path in [*READ, (service, "/")] if of == service]
    acts = posts + others + reads

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
