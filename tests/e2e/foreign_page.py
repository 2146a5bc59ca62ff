"""The page of somebody else, what it tries, and a CSMS whose ports show what it got. Its script is
``foreign_page.js``.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from .station import Json
from .system import System, embedded_system

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

Act = tuple[str, str, str, Json]
"""Method, service, path and body."""

POSTS: list[Act] = [
    ("POST", "device", f"/chargingstations/delete/{STATION}", {}),
    ("POST", "device", "/chargingstations/create", {"id": "EVIL"}),
    ("POST", "device", f"/chargingstations/{STATION}/credentials", {"secret": FOREIGN_SECRET}),
    ("POST", "device", f"/chargingstations/{STATION}/commands/Reset", {"type": "Immediate"}),
    ("POST", "device", f"/chargingstations/{STATION}/remote/start-session", {"idToken": TOKEN}),
    ("POST", "user", "/idtokens", {"idToken": "EVIL"}),
    ("POST", "user", "/sessions", {"user": "anna", "password": "four words of a song"}),
    (
        "POST",
        "user",
        "/users",
        {"id": "evil", "name": "EVIL", "role": "admin", "password": "twelve characters"},
    ),
    ("POST", "user", "/keys", {"name": "EVIL", "role": "admin"}),
]
OTHERS: list[Act] = [
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
NOT_STATE = ("/audit", "/audit/records", "/audit/segments", "/connectionattempts", "/sessions", "/deviations")
"""The first four grow with what is refused; sessions know of their last use, and deviations tell the time."""

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

    async def answers_to(
        self, page: Page, ways: list[str], acts: list[Act]
    ) -> dict[str, list[tuple[str, int]]]:
        """What is answered when the page sends all acts, in each way."""
        sent = [[method, self.url(service, path), json.dumps(body)] for method, service, path, body in acts]
        answers = {}
        for way in ways:
            await page.evaluate("([way, acts]) => send(way, acts)", [way, sent])
            answers[way] = await self.answers([service for _, service, _, _ in acts])
        return answers

    async def shown_to(self, page: Page) -> tuple[dict[str, list[str]], dict[str, set[int]]]:
        """What the page learns in each way of reading, and what was answered."""
        urls = [self.url(service, path) for service, path in READ]
        shown, statuses = {}, {}
        for way in READING:
            shown[way] = await page.evaluate("([way, urls]) => read(way, urls)", [way, urls])
            answers = await self.answers([service for service, _ in READ])
            statuses[way] = {status for _, status in answers}
        return shown, statuses

    @asynccontextmanager
    async def unchanged(self) -> AsyncIterator[None]:
        """Whatever the APIs show is afterwards as it was before, and the audit trail has no further act."""
        before = await self._state()
        for tap in self.taps.values():
            tap.exchanges.clear()
        yield
        after = await self._state()
        changed = {url: (before[url], after[url]) for url in before if after[url] != before[url]}
        assert not changed, changed

    async def _state(self) -> dict[str, Any]:
        audited = await self.system.get(f"{self.system.user}/audit?pageSize=1000")
        acts = [record["id"] for record in audited["items"] if record["kind"] == "act"]
        return {url: (await self.system.http.get(url)).json() for url in self.readable} | {"acts": acts}


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


@asynccontextmanager
async def tapped_csms(folder: Path, **settings: str) -> AsyncIterator[Csms]:
    """Embedded, with two stations and a token, and the foreign page beside it."""
    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(embedded_system(folder, **settings))
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
