"""What pages of other origins, foreign host names, and clients that send too much or too slowly get."""

from __future__ import annotations

import asyncio
import re
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.types import Message

from libs.csms.access.callers import SERVICES
from libs.csms.clients.stations import DeviceClient
from libs.csms.clock import utc_now
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.storage.store import Document
from libs.csms.web import guard, server
from libs.csms.web.app import create_app
from services import processes
from services.device import app as device
from services.device.service import Device
from services.transaction.api import api as transaction_api
from services.transaction.service import TransactionService
from services.user import app as user
from services.user.service import User

TOKEN = "0123456789abcdef"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
MAX_BODY_BYTES = 64 * 1024


class Thing(Document):
    id: str


def read_router() -> APIRouter:
    router = APIRouter()

    @router.post("/read")
    async def read(request: Request) -> int:
        return len(await request.body())

    return router


@asynccontextmanager
async def client(**flags: object) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app("Things", read_router(), load(**flags))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        yield http


@asynccontextmanager
async def listening(**flags: object) -> AsyncIterator[int]:
    """The port of a server."""
    listener, started = server.bind("127.0.0.1", 0, "CSMS_DEVICE_PORT"), asyncio.Event()
    settings = load(max_body_bytes=MAX_BODY_BYTES, **flags)
    app = create_app("Things", read_router(), settings)
    serving = asyncio.create_task(server.serve(app, settings, listener, started.set))
    await started.wait()
    try:
        yield int(listener.getsockname()[1])
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[FastAPI]]:
    """Of every service."""
    settings, bus = load(), EmbeddedBus()
    store = SqliteStore(tmp_path_factory.mktemp("apis") / "csms.db")
    tokens, stations = User.of(store, utc_now, settings), Device.of(store, bus, utc_now, settings)
    device_api = device.app_of(stations, settings, tokens.keys, tokens.accounts.sessions)
    asked = DeviceClient(server.inside(device_api, SERVICES["user"]))
    transactions = TransactionService.of(store, tokens.authorize, bus, utc_now)
    yield [
        device_api,
        create_app("User service", user.api(tokens, asked), settings),
        create_app("Transaction service", transaction_api(transactions), settings),
    ]
    asyncio.run(store.close())


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:8080"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


async def test_no_unsafe_path_of_any_service_serves_a_page_of_another_origin(apis: list[FastAPI]) -> None:
    tried = 0
    for app in apis:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            for path, operations in app.openapi()["paths"].items():
                for method in set(operations) & {"post", "put", "patch", "delete"}:
                    url = re.sub(r"{\w+}", "x", path)
                    statuses = [
                        (await http.request(method, url, headers=each)).status_code for each in FOREIGN
                    ]
                    assert statuses == [403] * len(FOREIGN), (method, path)
                    tried += 1
    assert tried > 50


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}])
async def test_programs_and_pages_of_the_api_itself_may_change_things(headers: dict[str, str]) -> None:
    async with client() as http:
        assert (await http.post("/read", json={}, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "type_", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_what_a_form_can_send_is_no_body(type_: str) -> None:
    async with client() as http:
        answer = await http.post("/read", content="{}", headers={"Content-Type": type_})
        without_body = await http.post("/read")

    assert (answer.status_code, without_body.status_code) == (415, 200)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("rebind.evil.example", 421),
        ("rebind.evil.example:5000", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("[::1", 421),
        ("", 421),
        ("localhost:5000", 404),
        ("LOCALHOST", 404),
        ("127.0.0.1:5000", 404),
        ("[::1]:5000", 404),
        ("csms.example.com", 404),
        ("eu.csms.example.org:443", 404),
        ("csms.example.org", 421),
    ],
)
async def test_only_hosts_that_are_ours_are_served(host: str, status: int) -> None:
    async with client(public_hosts="csms.example.com, *.csms.example.org") as http:
        answers = [await http.get(path, headers={"Host": host}) for path in ("/nowhere", "/healthz")]

    assert [answer.status_code for answer in answers] == [status, 200]


async def test_without_the_token_no_byte_of_a_body_is_waited_for() -> None:
    async with listening(api_token=TOKEN) as port, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        writer.write(b"Content-Length: 300000000\r\n\r\n")
        status = await reader.readline()
        writer.close()

    assert status.startswith(b"HTTP/1.1 401 ")


async def test_the_rest_of_a_body_that_was_refused_is_not_read_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A flood of bodies without a key would keep the service busy with reading, and its sockets open."""
    monkeypatch.setattr(server, "LATE_BODY_TIMEOUT", 0.2)
    async with listening(api_token=TOKEN) as port, asyncio.timeout(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        writer.write(b"Content-Length: 300000000\r\n\r\n")
        status = await reader.readline()
        sent = 0
        with suppress(ConnectionError):
            while sent < 300_000_000:
                writer.write(b" " * 65_536)
                await writer.drain()
                sent += 65_536
        writer.close()

    assert status.startswith(b"HTTP/1.1 401 ")
    assert sent < 30_000_000  # what the sockets of both sides hold


async def test_a_refused_body_that_goes_on_byte_by_byte_ends_with_its_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "LATE_BODY_TIMEOUT", 0.05)
    async with listening(api_token=TOKEN) as port, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        writer.write(b"Content-Length: 1000\r\n\r\n")
        answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 401 ")


async def test_after_a_refusal_whose_body_was_sent_the_connection_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "LATE_BODY_TIMEOUT", 60)
    async with listening(api_token=TOKEN) as port, asyncio.timeout(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        statuses = []
        for token in ("wrong", TOKEN):
            writer.write(
                f"POST /read HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n".encode()
            )
            writer.write(b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n")
            if token == TOKEN:
                writer.write(b"{}")
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(b"{}" if token == "wrong" else b"")
            length = re.search(rb"content-length: (\d+)", head)
            assert length is not None
            await reader.readexactly(int(length.group(1)))
            statuses.append(head.split()[1])
        writer.close()

    assert statuses == [b"401", b"200"]


async def test_who_hangs_up_on_a_long_answer_makes_no_error() -> None:
    """As who leaves a list that is sent while it is read."""
    router = APIRouter()

    @router.get("/long")
    async def long() -> StreamingResponse:
        return StreamingResponse(iter(["a"] * 100))

    app = create_app("Things", router, load())
    sent: list[str] = []

    async def hung_up() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message["type"])
        await asyncio.sleep(0)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/long",
        "raw_path": b"/long",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, hung_up, send)

    assert set(sent) <= {"http.response.start", "http.response.body"}


async def test_an_address_has_only_so_many_connections(caplog: pytest.LogCaptureFixture) -> None:
    async def answer(port: int, stack: ExitStack) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        stack.callback(writer.close)
        with suppress(ConnectionError):
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return await reader.readline()
        return b""

    with ExitStack() as stack:
        async with listening(host="0.0.0.0", connections_per_address=3) as port, asyncio.timeout(10):
            with ExitStack() as three:
                assert [await answer(port, three) for _ in range(3)] == [b"HTTP/1.1 200 OK\r\n"] * 3
                assert [await answer(port, stack) for _ in range(2)] == [b""] * 2
            while not await answer(port, stack):  # until the server has noticed that the three are closed
                pass

    assert "address 127.0.0.1: more than 3 connections" in caplog.messages


async def test_whoever_asks_too_often_waits_for_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a connection makes few guesses, and they cost little."""
    waited: list[float] = []
    sleep = asyncio.sleep

    async def recorded(seconds: float) -> None:
        waited.append(seconds)
        await sleep(0)

    async with listening(api_token=TOKEN) as port, httpx.AsyncClient() as http:
        monkeypatch.setattr(server.asyncio, "sleep", recorded)
        headers = {"Authorization": "Bearer wrong"}
        url = f"http://127.0.0.1:{port}/healthz/nothing"
        statuses = [(await http.get(url, headers=headers)).status_code for _ in range(12)]

    assert statuses == [401] * 10 + [429] * 2
    least, most = server.TOO_MANY_DELAY
    assert len([seconds for seconds in waited if least <= seconds <= most]) == 2


@pytest.mark.parametrize("declared", [True, False], ids=["with a length", "in chunks"])
async def test_a_body_that_is_too_long_is_refused_before_it_is_read(declared: bool) -> None:
    sent = 0

    async def parts() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * MAX_BODY_BYTES:
            sent += 1024
            yield b" " * 1024

    headers = {"Content-Type": "application/json"}
    if declared:
        headers["Content-Length"] = str(100 * MAX_BODY_BYTES)
    app = create_app("Things", read_router(), load(max_body_bytes=MAX_BODY_BYTES))
    consumed = 0

    async def counting(scope: object, receive: object, send: object) -> None:
        async def counted() -> object:
            nonlocal consumed
            message = await receive()  # type: ignore[operator]
            consumed += len(message.get("body", b""))
            return message

        await app(scope, counted, send)  # type: ignore[arg-type]

    transport = httpx.ASGITransport(counting)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        answer = await http.post("/read", content=parts(), headers=headers)

    assert (answer.status_code, answer.json()["detail"]) == (
        413,
        f"a body has at most {MAX_BODY_BYTES} bytes",
    )
    assert consumed <= (0 if declared else MAX_BODY_BYTES + 1024)


async def test_headers_that_never_end_close_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEADER_TIMEOUT", 0.05)
    async with listening() as port, asyncio.timeout(10):
        for start in (b"", b"GET / HTTP/1.1\r\nHost: localhost\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(start)
            assert await reader.read() == b""
            writer.close()


async def test_headers_that_never_end_are_slow_in_a_later_request_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with listening() as port, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        await reader.readuntil(b"\r\n\r\n")
        monkeypatch.setattr(server, "HEADER_TIMEOUT", 0.05)
        writer.write(b"GET /healthz HTTP/1.1\r\n")
        await reader.read()
        writer.close()


async def test_headers_that_are_too_long_close_the_connection() -> None:
    async with listening() as port, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 2 * server.MAX_HEADER_BYTES)
        with suppress(ConnectionError):
            while await reader.read(1024):
                pass
        writer.close()


async def test_a_body_that_does_not_arrive_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_TIMEOUT", 0.05)
    async with listening() as port, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n")
        writer.write(b"Content-Length: 10\r\n\r\n{")
        status = await reader.readline()
        writer.close()

    assert status.startswith(b"HTTP/1.1 408 ")


async def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_failure_of_the_service() -> None:
    app = create_app("Things", read_router(), load())
    received = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])
    sent: list[dict[str, object]] = []
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"10")]
    scope = {"type": "http", "method": "POST", "path": "/read", "headers": headers, "scheme": "http"}

    async def receive() -> dict[str, object]:
        return next(received)

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    await app(scope | {"query_string": b"", "client": None}, receive, send)  # type: ignore[arg-type]

    assert sent[0]["status"] == 400


async def test_every_response_tells_browsers_to_be_strict() -> None:
    async with client() as http:
        for path in ("/healthz", "/nowhere", "/docs", "/openapi.json", "/read"):
            headers = (await http.get(path)).headers
            assert {name: headers[name] for name in guard.RESPONSE_HEADERS} == guard.RESPONSE_HEADERS
            assert "Server" not in headers
            assert "Strict-Transport-Security" not in headers
        behind_tls = await http.get("https://localhost/healthz")
    assert "max-age" in behind_tls.headers["Strict-Transport-Security"]


async def seen(peer: str, headers: list[tuple[str, str]]) -> tuple[str, bool]:
    """The address of the client as an endpoint sees it, and whether browsers are told to stay with TLS."""
    router = APIRouter()

    @router.get("/address")
    async def address(request: Request) -> str:
        return request.client.host if request.client is not None else ""

    app = create_app("Things", router, load(trusted_proxies="10.0.0.0/8, fd00::/8"))
    transport = httpx.ASGITransport(app, client=(peer, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        answer = await http.get("/address", headers=headers)
    return answer.json(), "Strict-Transport-Security" in answer.headers


@pytest.mark.parametrize("peer", ["10.0.0.1", "fd00::1", "::ffff:10.0.0.1"])
async def test_a_trusted_proxy_tells_of_the_client_and_of_tls(peer: str) -> None:
    client = ("X-Forwarded-For", "198.51.100.1, 203.0.113.7, 10.0.0.2")

    assert await seen(peer, [client, ("X-Forwarded-Proto", "https")]) == ("203.0.113.7", True)
    assert await seen(peer, [client, ("X-Forwarded-Proto", "http")]) == ("203.0.113.7", False)
    assert await seen(peer, [client]) == ("203.0.113.7", False)


@pytest.mark.parametrize(
    "headers",
    [
        [("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-For", "203.0.113.8"), ("X-Forwarded-Proto", "")],
        [("X-Forwarded-For", "somebody"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Proto", "https")],
        [("X-Forwarded-For", "203.0.113.7,"), ("X-Forwarded-Proto", "https,https")],
    ],
)
async def test_what_a_trusted_proxy_says_twice_or_unreadably_is_not_believed(
    headers: list[tuple[str, str]],
) -> None:
    assert await seen("10.0.0.1", headers) == ("10.0.0.1", False)


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "192.0.2.1"])
async def test_from_anybody_else_nothing_is_believed(peer: str) -> None:
    headers = [("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https")]

    assert await seen(peer, headers) == (peer, False)


async def test_on_a_socket_loopback_is_no_proxy_either() -> None:
    """The HTTP server itself would believe it."""
    async with listening() as port, httpx.AsyncClient() as http:
        answer = await http.get(f"http://127.0.0.1:{port}/healthz", headers={"X-Forwarded-Proto": "https"})

    assert "Strict-Transport-Security" not in answer.headers


async def test_the_documentation_loads_nothing_from_elsewhere() -> None:
    async with client(api_token=TOKEN) as http:
        page = (await http.get("/docs")).text
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
        answers = [await http.get(f"/{path}") for path in loaded]

    assert len(loaded) == 3
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert not re.search(r"<script(?![^>]*src=)|<style|//", page)
    assert "script-src" not in guard.RESPONSE_HEADERS["Content-Security-Policy"]


async def test_nobody_else_on_the_machine_reads_the_data(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    (folder / "csms.db").touch(0o644)

    async with processes._embedded(load(data_dir=folder)) as (_, store):
        await store.collection("things", Thing).update("x", lambda _: Thing(id="x"))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.iterdir()]}

    assert modes["data"] == 0o700
    assert set(modes.values()) == {0o700, 0o600}
