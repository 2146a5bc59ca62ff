"""What web pages get of a gateway, and clients that invent a proxy, are slow, or guess."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from ipaddress import ip_network
from pathlib import Path
from socket import create_server
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidMessage

from libs.csms.clients.admission import Admission
from libs.csms.clock import utc_now
from libs.csms.lifespan import running
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.messaging.provision import provision
from libs.csms.pepper import Pepper
from libs.csms.proxies import TrustedProxies
from libs.csms.settings import BadSetting, Settings, load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.ocpp_messages.event import CONNECTION_REFUSED, STATION_CONNECTED, ConnectionRefused, RefusalReason
from services.device.security.model import Secret
from services.device.service import Device
from services.websocket_gateway.app import gateway_service
from services.websocket_gateway.context import GatewayLimits
from tests.unit.device.admission import basic, with_secret
from tests.unit.websocket_gateway.listening_gateway import (
    UPGRADE,
    ListeningGateway,
    admission,
    listening_gateway,
)

LOOPBACK = TrustedProxies((ip_network("127.0.0.0/8"),))
SECRET = "correct:horse-battery.staple"
WAIT_TIMEOUT = 10.0


async def refusal_of(
    gateway: ListeningGateway, headers: dict[str, str], id: str = "CS1"
) -> ConnectionRefused:
    """The event about a handshake with these headers."""
    tap = await gateway.service("ConnectionRefused", lambda _: None)
    await gateway.get(f"/ocpp/{id}", UPGRADE | headers)
    return CONNECTION_REFUSED.decode((await tap.next()).data)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "https://simulator.example.com.evil.example",
        "https://simulator.example.com:8443",
        "http://simulator.example.com",
        "https://simulator.example.com\r\nOrigin: https://evil.example",
        "https://simulator.example.com\r\nOrigin: https://simulator.example.com",
    ],
)
@pytest.mark.parametrize("allowed", [(), ("https://simulator.example.com",)])
async def test_a_web_page_is_no_station(origin: str, allowed: tuple[str, ...]) -> None:
    asked: list[str] = []

    async def admit(station_id: str, authorization: str, tls: bool) -> Admission:
        asked.append(station_id)
        return admission()

    async with listening_gateway(admit, allowed_origins=allowed) as gateway:
        told = await refusal_of(gateway, {"Origin": origin})
        status, _, text = await gateway.get("/ocpp/CS1", UPGRADE | {"Origin": origin})

    assert (status, asked) == (403, [])
    assert text == f"{told.detail}\n" and "CSMS_ALLOWED_ORIGINS" in text
    assert told.reason == RefusalReason.FOREIGN_ORIGIN


@pytest.mark.parametrize("origin", ["https://simulator.example.com", "HTTPS://Simulator.Example.com"])
async def test_a_page_that_is_allowed_may_simulate_a_station(origin: str) -> None:
    allowed = ("https://simulator.example.com",)
    async with listening_gateway(allowed_origins=allowed) as gateway:
        assert (await gateway.upgrade("/ocpp/CS1", UPGRADE | {"Origin": origin}))[0] == 101


@pytest.mark.parametrize(
    "text", ["*", "null", "simulator.example.com", "https://*.example.com", "https://a/"]
)
def test_only_whole_origins_can_be_allowed(text: str) -> None:
    with pytest.raises(BadSetting, match="^CSMS_ALLOWED_ORIGINS: "):
        load(allowed_origins=f"https://simulator.example.com,{text}")


@pytest.mark.parametrize("proxies", [TrustedProxies(), TrustedProxies((ip_network("192.0.2.0/24"),))])
async def test_a_client_cannot_say_that_it_came_through_a_proxy(proxies: TrustedProxies) -> None:
    asked: list[bool] = []

    async def admit(station_id: str, authorization: str, tls: bool) -> Admission:
        asked.append(tls)
        return admission()

    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
    async with listening_gateway(admit, proxies=proxies) as gateway:
        connected = await gateway.service("StationConnected", lambda _: None)
        await gateway.upgrade("/ocpp/CS1", UPGRADE | headers)
        address = STATION_CONNECTED.decode((await connected.next()).data).remote_address

    assert asked == [False]
    assert address.startswith("127.0.0.1:")


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7:4711, 127.0.0.9", "203.0.113.7:4711"),
        ("2001:db8::1", "[2001:db8::1]"),
    ],
)
async def test_of_a_trusted_proxy_the_client_s_address_is_shown_everywhere(header: str, address: str) -> None:
    headers = {"X-Forwarded-For": header}
    async with listening_gateway(proxies=LOOPBACK) as gateway:
        connected = await gateway.service("StationConnected", lambda _: None)
        await gateway.upgrade("/ocpp/CS1", UPGRADE | headers)
        told = STATION_CONNECTED.decode((await connected.next()).data)
        refused = await refusal_of(gateway, headers | {"Sec-WebSocket-Protocol": "ocpp1.5"})

    assert (told.remote_address, refused.remote_address) == (address, address)


@pytest.mark.parametrize(
    "header", ["203.0.113.7\r\nX-Forwarded-For: 203.0.113.8", "somebody", "203.0.113.7,"]
)
async def test_what_a_trusted_proxy_says_twice_or_unreadably_is_not_believed(header: str) -> None:
    async with listening_gateway(proxies=LOOPBACK) as gateway:
        headers = {"X-Forwarded-For": header, "Sec-WebSocket-Protocol": "ocpp1.5"}
        refused = await refusal_of(gateway, headers)

    assert refused.remote_address.startswith("127.0.0.1:")


@pytest.mark.parametrize("profile", [2, 3])
async def test_where_tls_is_needed_only_a_trusted_proxy_can_say_that_there_is_some(
    tmp_path: Path, profile: int
) -> None:
    """As behind Cloud Run, whose front ends are the only peers."""
    async with devices(tmp_path, min_security_profile=profile) as device:
        await with_secret(device, SECRET)
        headers = {"Authorization": basic("CS1", SECRET), "X-Forwarded-Proto": "https"}
        statuses = []
        for proxies in (TrustedProxies(), LOOPBACK):
            async with listening_gateway(device.security.admit, proxies=proxies) as gateway:
                statuses.append((await gateway.upgrade("/ocpp/CS1", UPGRADE | headers))[0])

    assert statuses == [401, 101]


@pytest.mark.parametrize(
    "start", [b"", b"GET /ocpp/CS1 HT", b"GET /ocpp/CS1 HTTP/1.1\r\nHost: x\r\nUpgrade: "]
)
async def test_a_request_that_does_not_end_is_cut_off(start: bytes) -> None:
    async with listening_gateway(limits=GatewayLimits(request_timeout=0.05)) as gateway:
        assert await cut_off(gateway, start) == b""


async def test_a_request_that_trickles_is_cut_off_too() -> None:
    async with listening_gateway(limits=GatewayLimits(request_timeout=0.3)) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.number)
        writer.write(b"GET /ocpp/CS1 HTTP/1.1\r\nX: ")
        with suppress(ConnectionError):
            async with asyncio.timeout(WAIT_TIMEOUT):
                while not reader.at_eof():
                    writer.write(b"y")
                    await writer.drain()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(0.01):
                            await reader.read(1)
        writer.close()


async def test_who_has_sent_its_request_in_time_stays() -> None:
    async with listening_gateway(limits=GatewayLimits(request_timeout=0.2)) as gateway:
        async with await in_time(gateway) as station:
            assert await cut_off(gateway, b"GET") == b""  # meanwhile its own time has passed
            await station.send('[2,"1","Nothing",{}]')
            assert str(await station.recv()).startswith('[4,"1","NotImplemented"')


async def in_time(gateway: ListeningGateway) -> ClientConnection:
    """On a busy machine, not the first attempt is fast enough."""
    async with asyncio.timeout(WAIT_TIMEOUT):
        while True:
            with suppress(InvalidMessage, OSError):
                return await gateway.connect()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /" + b"x" * 9_000, b"HTTP/1.1 414 "),
        (b"GET /ocpp/CS1 HTTP/1.1\r\nX: " + b"x" * 9_000, b"HTTP/1.1 431 "),
        (b"GET /ocpp/CS1 HTTP/1.1\r\n" + b"X: y\r\n" * 200, b"HTTP/1.1 431 "),
        (b"GET /ocpp/CS1 HTTP/1.1\r\n" + (b"X: " + b"y" * 8_000 + b"\r\n") * 20, b""),
    ],
    ids=["line", "header", "headers", "bytes"],
)
async def test_a_request_that_is_too_long_is_refused_before_its_end(request_: bytes, status: bytes) -> None:
    async with listening_gateway() as gateway:
        assert (await cut_off(gateway, request_))[: len(status) or None] == status


async def cut_off(gateway: ListeningGateway, start: bytes) -> bytes:
    """What the gateway says to a request that never ends, before it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.number)
    said = b""
    with suppress(ConnectionError):
        writer.write(start)
        async with asyncio.timeout(WAIT_TIMEOUT):
            said = await reader.read()
    writer.close()
    return said


async def test_an_address_has_only_so_many_requests_unfinished(caplog: pytest.LogCaptureFixture) -> None:
    async with (
        listening_gateway(limits=GatewayLimits(max_unfinished_requests=3, request_timeout=60)) as gateway,
        AsyncExitStack() as stack,
    ):
        for _ in range(3):
            reader, writer = await asyncio.open_connection("127.0.0.1", gateway.number)
            stack.callback(writer.close)
            writer.write(b"GET /ocpp/CS1 HTTP/1.1\r\n")
        refused = [await cut_off(gateway, b"GET ") for _ in range(5)]
        writer.write(b"Host: x\r\n\r\n")
        async with asyncio.timeout(WAIT_TIMEOUT):
            answered = await reader.read()
        async with gateway.connect(), gateway.connect("CS2"):  # in their places, one after another
            pass

    assert refused == [b""] * 5
    assert answered.startswith(b"HTTP/1.1 426 ")
    assert [text for text in caplog.messages if "127.0.0.1" in text] == [
        "address 127.0.0.1: more than 3 unfinished requests"
    ]


async def test_the_clients_of_a_trusted_proxy_are_not_counted_as_one() -> None:
    limits = GatewayLimits(max_unfinished_requests=1)
    async with listening_gateway(limits=limits, proxies=LOOPBACK) as gateway, AsyncExitStack() as stack:
        for _ in range(3):
            _, writer = await asyncio.open_connection("127.0.0.1", gateway.number)
            stack.callback(writer.close)
        async with gateway.connect():
            pass


class devices:
    """A device service on a store of its own."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.store = SqliteStore(folder / "csms.db")
        self.device = Device.of(self.store, EmbeddedBus(), utc_now, Settings(_env_file=None, **settings))

    async def __aenter__(self) -> Device:
        return self.device

    async def __aexit__(self, *_: object) -> None:
        await self.store.close()


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[Device]:
    async with devices(tmp_path) as device:
        yield device


WRONG: list[dict[str, str]] = [
    {},
    {"Authorization": basic("CS1", "wrong")},
    {"Authorization": basic("CS2", "wrong")},
    {"Authorization": "Bearer x"},
    {"Authorization": basic("CS1", "wrong"), "X-Forwarded-Proto": "https"},
]


@pytest.mark.parametrize("headers", WRONG)
@pytest.mark.parametrize("profile", [None, 1, 2])
async def test_nobody_learns_which_stations_there_are(
    device: Device, headers: dict[str, str], profile: int | None
) -> None:
    """CS1 is registered, and CS2 is not."""
    await with_secret(device, SECRET)
    await device.security.stations.update(
        "CS1", lambda known: known.changed(security_profile=profile) if known else known
    )
    async with listening_gateway(device.security.admit, tells_unknown_stations=False) as gateway:
        answers = [await gateway.get(f"/ocpp/{id}", UPGRADE | headers) for id in ("CS1", "CS2")]
        for _, fields, _ in answers:
            fields.pop("date")
        told = await refusal_of(gateway, headers, "CS3")

    assert answers[0] == answers[1]
    assert answers[0][0] == 401 and answers[0][2] == "wrong or missing credentials\n"
    assert answers[0][1]["www-authenticate"].startswith("Basic ")
    assert (told.reason, told.detail) == (RefusalReason.UNKNOWN_STATION, "unknown station")


async def test_an_unknown_station_costs_the_same_work_as_a_wrong_secret(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_secret(device, SECRET)
    compared: list[bytes] = []
    matches = Secret.matches

    def counted(secret: Secret, password: bytes, pepper: Pepper) -> bool:
        compared.append(password)
        return matches(secret, password, pepper)

    monkeypatch.setattr(Secret, "matches", counted)
    async with listening_gateway(device.security.admit, tells_unknown_stations=False) as gateway:
        for id in ("CS1", "CS2"):
            await gateway.get(f"/ocpp/{id}", UPGRADE | {"Authorization": basic(id, f"wrong {id}")})

    assert compared == [b"wrong CS1", b"wrong CS2"]


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({}, 404),
        ({"gateway_host": "0.0.0.0"}, 401),
        ({"trusted_proxies": "127.0.0.1"}, 401),
        ({"gateway_host": "0.0.0.0", "unknown_station": "404"}, 404),
        ({"unknown_station": "401"}, 401),
    ],
)
async def test_on_loopback_a_developer_reads_that_a_station_is_unknown(
    device: Device, settings: dict[str, Any], status: int
) -> None:
    assert await status_with(device, {}, **settings) == status


@pytest.mark.parametrize(("origin", "status"), [("https://a.example", 404), ("https://b.example", 403)])
async def test_the_setting_allows_an_origin(device: Device, origin: str, status: int) -> None:
    allowed = "https://A.example, http://localhost:8080"

    assert await status_with(device, {"Origin": origin}, allowed_origins=allowed) == status


async def status_with(device: Device, headers: dict[str, str], **settings: Any) -> int:
    """Of the handshake of an unknown station, at a gateway with these settings."""
    bus, listener = EmbeddedBus(), create_server(("127.0.0.1", 0))
    await provision(bus, [])
    gateway = gateway_service(load(**settings), bus, device.security.admit, utc_now)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/ocpp/CS2"
    async with running(gateway, listener), httpx.AsyncClient() as http:
        return (await http.get(url, headers=UPGRADE | headers)).status_code


async def test_with_a_clear_status_the_text_says_what_is_wrong(device: Device) -> None:
    async with listening_gateway(device.security.admit) as gateway:
        assert (await gateway.get("/ocpp/CS2", UPGRADE))[::2] == (404, "unknown station\n")


@pytest.mark.parametrize("path", ["/", "/docs", "/healthz", "/nowhere", "/ocpp/CS1"])
async def test_every_page_and_refusal_tells_browsers_to_be_strict(path: str) -> None:
    async with listening_gateway() as gateway:
        for headers in ({}, UPGRADE | {"Sec-WebSocket-Key": "x"}):
            _, fields, _ = await gateway.get(path, headers)
            assert fields["cache-control"] == "no-store"
            assert fields["x-content-type-options"] == "nosniff"
            assert "frame-ancestors 'none'" in fields["content-security-policy"]
            assert "server" not in fields


async def test_the_upgrade_names_no_software() -> None:
    async with listening_gateway() as gateway:
        status, fields, _ = await gateway.upgrade("/ocpp/CS1", UPGRADE)

    assert (status, "server" in fields) == (101, False)
