"""HTTP on the gateway's port: pages, refusals, and the upgrade."""

from __future__ import annotations

import asyncio
import base64
from ipaddress import ip_network

import pytest
from websockets.exceptions import InvalidStatus

from libs.csms.clients.admission import Admission, NotAdmitted
from libs.csms.proxies import TrustedProxies
from services.websocket_gateway.context import GatewayLimits

from .fake_csms import CURRENT_TIME, result
from .listening_gateway import UPGRADE, admission, listening_gateway

LOOPBACK = TrustedProxies((ip_network("127.0.0.0/8"),))


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/", 200, "ws://HOST:PORT/ocpp/{stationId}"),
        ("/healthz", 200, "ok"),
        ("/readyz", 200, "ready"),
        ("/readyz?full=1", 200, "ready"),
        ("/docs", 200, "ocpp1.6, ocpp2.0.1, ocpp2.1"),
        ("/metrics", 404, "ws://HOST:PORT/ocpp/{stationId}"),
        ("/ocpp/", 404, "ws://HOST:PORT/ocpp/{stationId}"),
        ("/ocpp/CS1", 426, "WebSocket"),
    ],
)
async def test_pages(path: str, status: int, text: str) -> None:
    async with listening_gateway() as gateway:
        answer = await gateway.get(path)

        assert answer[0] == status
        assert text in answer[2]


async def test_a_request_for_an_upgrade_says_how() -> None:
    async with listening_gateway() as gateway:
        _, headers, _ = await gateway.get("/ocpp/CS1")

        assert headers["upgrade"] == "websocket"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/ocpp/a/b", {}, 404),
        ("/other/CS1", {}, 404),
        ("/ocpp/%ff", {}, 400),
        ("/ocpp/CS1", {"Sec-WebSocket-Protocol": "ocpp0.1"}, 400),
        ("/ocpp/CS1", {"Sec-WebSocket-Protocol": "ocpp1.5"}, 400),
        ("/ocpp/CS1", {"Sec-WebSocket-Protocol": "ocpp2.0"}, 400),
        ("/ocpp/00:11", {}, 400),
        ("/ocpp/CS1", {"Authorization": "Basic a\r\nAuthorization: Basic b"}, 400),
        ("/ocpp/CS1", {"Upgrade": "h2c"}, 426),
    ],
)
async def test_who_can_be_no_station_is_refused_without_asking(
    path: str, headers: dict[str, str], status: int
) -> None:
    asked: list[str] = []

    async def admit(station_id: str, authorization: str, tls: bool) -> Admission:
        asked.append(station_id)
        return admission()

    async with listening_gateway(admit) as gateway:
        answer = await gateway.get(path, {**UPGRADE, **headers})

    assert answer[0] == status
    assert not asked


async def test_a_request_that_is_no_handshake_is_no_way_around_admission() -> None:
    async with listening_gateway() as gateway:
        headers = {key: value for key, value in UPGRADE.items() if key != "Sec-WebSocket-Key"}

        assert (await gateway.get("/ocpp/CS1", headers))[0] == 400


@pytest.mark.parametrize(("status", "header"), [(404, None), (401, "www-authenticate"), (503, "retry-after")])
async def test_who_is_not_admitted_is_told_before_the_upgrade(status: int, header: str | None) -> None:
    async def admit(station_id: str, authorization: str, tls: bool) -> Admission:
        raise NotAdmitted(status, "because")

    async with listening_gateway(admit) as gateway:
        answer = await gateway.get("/ocpp/CS1", UPGRADE)

    assert answer[0] == status
    assert answer[2] == "because\n"
    assert header is None or answer[1][header]
    assert status != 401 or answer[1]["www-authenticate"].startswith('Basic realm="OCPP"')


async def test_admission_is_asked_with_the_station_and_its_credentials(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    asked: list[tuple[str, str]] = []

    async def admit(station_id: str, authorization: str, tls: bool) -> Admission:
        asked.append((station_id, authorization))
        return admission()

    secret = "Basic " + base64.b64encode(b"CS 1:secret").decode()
    async with (
        listening_gateway(admit) as gateway,
        gateway.connect("CS%201", additional_headers={"Authorization": secret}),
    ):
        pass

    assert asked == [("CS 1", secret)]
    theirs = [record.getMessage() for record in caplog.records if record.name != "websockets.client"]
    assert not any(secret in message or "secret" in message for message in theirs)


@pytest.mark.parametrize(
    ("forwarded", "tls"),
    [
        ([], False),
        (["https"], True),
        (["WSS"], True),
        (["http"], False),
        (["ws"], False),
        ([""], False),
        (["httpss"], False),
        (["https, http"], False),
        (["http,https "], False),
        (["https,"], False),
        (["https", "http"], False),
        (["http", "https"], False),
        (["https,http", "ws, wss"], False),
    ],
)
async def test_a_trusted_proxy_says_once_whether_a_station_comes_with_tls(
    forwarded: list[str], tls: bool
) -> None:
    asked: list[bool] = []

    async def admit(station_id: str, authorization: str, tls: bool) -> Admission:
        asked.append(tls)
        return admission()

    headers = [("X-Forwarded-Proto", value) for value in forwarded]
    async with (
        listening_gateway(admit, proxies=LOOPBACK) as gateway,
        gateway.connect(additional_headers=headers),
    ):
        pass

    assert asked == [tls]


async def test_admission_that_hangs_or_fails_is_not_now(caplog: pytest.LogCaptureFixture) -> None:
    async def admit(station_id: str, authorization: str, tls: bool) -> Admission:
        if station_id == "hangs":
            await asyncio.Event().wait()
        raise KeyError(station_id)

    async with listening_gateway(admit, GatewayLimits(admission_timeout=0.05)) as gateway:
        for station in ("hangs", "fails"):
            with pytest.raises(InvalidStatus) as refused:
                await gateway.connect(station)
            assert refused.value.response.status_code == 503
            assert refused.value.response.headers["Retry-After"]


@pytest.mark.parametrize(
    ("offers", "chosen"),
    [
        (["ocpp1.6", "ocpp2.0.1"], "ocpp1.6"),
        (["ocpp2.1", "ocpp1.6"], "ocpp2.1"),
        (["ocpp2.0", "ocpp2.0.1"], "ocpp2.0.1"),
    ],
)
async def test_the_client_s_order_of_versions_wins(offers: list[str], chosen: str) -> None:
    async with listening_gateway() as gateway, gateway.connect("CS1", *offers) as station:
        assert station.subprotocol == chosen


async def test_compression_is_offered_and_works_both_ways() -> None:
    text = "x" * 5000
    async with listening_gateway() as gateway:
        await gateway.service("DataTransferRequest", result({"status": "Accepted", "data": text}))
        async with gateway.connect(compression="deflate") as station:
            extensions = station.response.headers["Sec-WebSocket-Extensions"] if station.response else ""
            await station.send(f'[2,"1","DataTransfer",{{"vendorId":"v","data":"{text}"}}]')
            answer = await station.recv()

    assert "permessage-deflate" in extensions and "server_no_context_takeover" in extensions
    assert text in str(answer)


async def test_a_station_talks_over_a_real_socket() -> None:
    async with listening_gateway() as gateway:
        await gateway.service("HeartbeatRequest", result(CURRENT_TIME))
        async with gateway.connect() as station:
            await station.send('[2,"1","Heartbeat",{}]')

            assert await station.recv() == '[3,"1",{"currentTime": "2026-11-20T18:12:00Z"}]'


async def test_a_station_that_was_never_accepted_must_boot_first() -> None:
    async def admit(station_id: str, authorization: str, tls: bool) -> Admission:
        return admission("Pending")

    async with listening_gateway(admit) as gateway, gateway.connect() as station:
        await station.send('[2,"1","Heartbeat",{}]')

        assert str(await station.recv()).startswith('[4,"1","SecurityError"')
