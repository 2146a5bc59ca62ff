"""HTTP on the gateway's port: pages, refusals, and the upgrade."""

from __future__ import annotations

import asyncio
import base64
import re
from ipaddress import ip_network

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from libs.csms.clients.admission import Admission, NotAdmitted
from libs.csms.proxies import TrustedProxies
from libs.ocpp_messages.version import Version
from services.websocket_gateway.context import GatewayLimits
from services.websocket_gateway.negotiation import (
    Refused,
    agreed_subprotocol,
    default_subprotocol,
    offered_subprotocols,
    requested_station_id,
)

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


@pytest.mark.parametrize(
    ("target", "station"),
    [
        ("/ocpp/CS1", "CS1"),
        ("/ocpp/CS1?token=/x/y", "CS1"),
        ("/ocpp/CS1/", "CS1"),
        ("/ocpp//CS1", "CS1"),
        ("//ocpp///CS1//", "CS1"),
        ("/ocpp/CS1/?token=x", "CS1"),
        ("/ocpp/CP%201", "CP 1"),
        ("/ocpp/a+b", "a+b"),
        ("/ocpp/%C3%BC%26x", "ü&x"),
        ("/ocpp/" + "x" * 48, "x" * 48),
        ("/ocpp/" + "%C3%BC" * 48, "ü" * 48),
    ],
)
def test_the_last_segment_is_decoded_once(target: str, station: str) -> None:
    assert requested_station_id(target) == station


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/ocpp/", 404),
        ("/ocpp", 404),
        ("/ocpp/?x=CS1", 404),
        ("/ocpp/a/b", 404),
        ("/ocpp//", 404),
        ("/OCPP/a", 404),
        ("/ws/ocpp/a", 404),
        ("*", 404),
        ("/ocpp/" + "x" * 49, 400),
        ("/ocpp/%", 400),
        ("/ocpp/%zz", 400),
        ("/ocpp/%ff", 400),
        ("/ocpp/%ED%A0%80", 400),
        ("/ocpp/a%00b", 400),
        ("/ocpp/a%0Ab", 400),
        ("/ocpp/.", 400),
        ("/ocpp/%2E%2E", 400),
        ("/ocpp/%20a", 400),
        ("/ocpp/a%20", 400),
        ("/ocpp/a%2Fb", 400),
        ("/ocpp/a%5Cb", 400),
        ("/ocpp/100%2525", 400),
        ("/ocpp/a%3Fb", 400),
        ("/ocpp/a%23b", 400),
        ("/ocpp/00:11:22", 400),
        ("/ocpp/00%3A11", 400),
        ("/ocpp/a%7Fb", 400),
        ("/ocpp/list", 400),
    ],
)
def test_what_names_no_station_is_refused(target: str, status: int) -> None:
    with pytest.raises(Refused) as refused:
        requested_station_id(target)

    assert refused.value.status == status


@pytest.mark.parametrize(
    ("prefixes", "target", "station"),
    [
        (["/"], "/CS1", "CS1"),
        (["/"], "/CS1/", "CS1"),
        (["/"], "/ocpp/CS1", None),
        (["/"], "/", None),
        (["/ocpp/", "/"], "/ocpp/CS1", "CS1"),
        (["/ocpp/", "/"], "/CS1", "CS1"),
        (["/", "/ocpp/"], "/ocpp/CS1", "CS1"),
        (["/steve/websocket/CentralSystemService/"], "/steve/websocket/CentralSystemService/CS1", "CS1"),
        (["/steve/websocket/CentralSystemService/"], "/steve//websocket/CentralSystemService//CS1", "CS1"),
        (["/steve/websocket/CentralSystemService/"], "/ocpp/CS1", None),
        (["/ocpp/", "/ocpp/v2/"], "/ocpp/v2/CS1", "CS1"),
    ],
)
def test_the_path_before_the_station_can_be_configured(
    prefixes: list[str], target: str, station: str | None
) -> None:
    if station is not None:
        assert requested_station_id(target, prefixes) == station
        return
    with pytest.raises(Refused, match=re.escape(prefixes[0])) as refused:
        requested_station_id(target, prefixes)
    assert refused.value.status == 404


def agreed(offers: list[str]) -> tuple[str, Version] | None:
    """The name in the response, and the version, of what Sec-WebSocket-Protocol headers offer."""
    subprotocol = agreed_subprotocol(offered_subprotocols(offers))
    return None if subprotocol is None else (subprotocol.name or "", subprotocol.version)


@pytest.mark.parametrize(
    ("offers", "name", "version"),
    [
        (["ocpp1.6"], "ocpp1.6", Version.V16),
        (["ocpp1.6, ocpp2.0.1"], "ocpp1.6", Version.V16),
        (["ocpp2.0.1, ocpp1.6"], "ocpp2.0.1", Version.V201),
        (["ocpp2.1", "ocpp2.0.1"], "ocpp2.1", Version.V21),
        (["ocpp2.0,ocpp1.5", "ocpp2.0.1"], "ocpp2.0.1", Version.V201),
        (["OCPP1.6", "ocpp2.0.1"], "ocpp2.0.1", Version.V201),
        (["ocpp2.0", "OCPP1.6"], "OCPP1.6", Version.V16),
        (["ocpp1.6;, ocpp2.1"], "ocpp2.1", Version.V21),
    ],
)
def test_the_order_of_the_client_counts(offers: list[str], name: str, version: Version) -> None:
    assert agreed(offers) == (name, version)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("OCPP1.6", Version.V16),
        ("Ocpp1.6", Version.V16),
        ("ocpp1.6J", Version.V16),
        ("ocpp1.6j", Version.V16),
        ("OCPP1.6J", Version.V16),
        ("ocpp1.6-J", Version.V16),
        ("ocpp16", Version.V16),
        ("ocpp-1.6", Version.V16),
        ("ocpp_1.6", Version.V16),
        ("ocpp/1.6", Version.V16),
        ("ocppj1.6", Version.V16),
        ("OCPP2.0.1", Version.V201),
        ("ocpp2.0.1J", Version.V201),
        ("ocpp201", Version.V201),
        ("OCPP-2.0.1", Version.V201),
        ("OCPP2.1", Version.V21),
        ("ocpp21", Version.V21),
        ("ocpp2.1j", Version.V21),
    ],
)
def test_another_spelling_is_understood_and_repeated(name: str, version: Version) -> None:
    assert agreed([f" {name} "]) == (name, version)


@pytest.mark.parametrize(
    "offers",
    [
        ["ocpp0.1"],
        ["ocpp1.6;"],
        ["ocpp 1.6"],
        ["ocpp1.5"],
        ["ocpp1.2, ocpp1.5"],
        ["ocpp2.0"],
        ["OCPP2.0"],
        ["ocpp1.60"],
        ["mqtt, ocpp3.0"],
    ],
)
def test_without_a_common_version_there_is_no_connection(offers: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        agreed(offers)

    assert (refused.value.status, refused.value.reason) == (400, "noSubprotocol")
    assert "ocpp1.6, ocpp2.0.1, ocpp2.1" in refused.value.text


@pytest.mark.parametrize("offers", [[], [""], [",", " "], ["ocpp"], ["OCPP-J"], ["mqtt, ocpp"]])
def test_offers_that_name_no_version_leave_it_to_the_station_s_default(offers: list[str]) -> None:
    offered = offered_subprotocols(offers)

    assert agreed(offers) is None
    chosen = default_subprotocol("CS1", offered, Version.V16)
    assert chosen == (Version.V16, offered[0] if offered else None)
    with pytest.raises(Refused, match="set the defaultVersion of station CS1") as refused:
        default_subprotocol("CS1", offered, None)
    assert (refused.value.status, refused.value.reason) == (400, "noSubprotocol")


@pytest.mark.parametrize("name", ["OCPP1.6", "ocpp1.6J", "ocpp16"])
async def test_the_response_has_the_station_s_own_spelling(name: str) -> None:
    async with listening_gateway() as gateway:
        await gateway.service("HeartbeatRequest", result(CURRENT_TIME))
        async with gateway.connect("CS1", name) as station:
            await station.send('[2,"1","Heartbeat",{}]')

            assert station.subprotocol == name
            assert str(await station.recv()).startswith('[3,"1"')


@pytest.mark.parametrize(("offered", "answered"), [(None, None), ("", None), ("ocpp", "ocpp")])
async def test_a_station_without_subprotocol_speaks_its_default_version(
    offered: str | None, answered: str | None
) -> None:
    async def admit(station_id: str, authorization: str, tls: bool) -> Admission:
        default = Version.V16 if station_id == "CS16" else None
        return admission().changed(default_version=default)

    headers = {key: value for key, value in UPGRADE.items() if key != "Sec-WebSocket-Protocol"}
    if offered is not None:
        headers["Sec-WebSocket-Protocol"] = offered
    async with listening_gateway(admit) as gateway:
        tap = await gateway.service("StationConnected", lambda _: None)
        refused = await gateway.get("/ocpp/CS2", headers)
        upgraded = await gateway.upgrade("/ocpp/CS16", headers)
        connected = await tap.next()

    assert (refused[0], "defaultVersion of station CS2" in refused[2]) == (400, True)
    assert (upgraded[0], upgraded[1].get("sec-websocket-protocol")) == (101, answered)
    assert (connected.station_id, connected.ocpp_version) == ("CS16", "ocpp1.6")


async def test_who_spells_the_path_and_the_version_right_is_served_as_ever() -> None:
    async with (
        listening_gateway(prefixes=("/ocpp/", "/")) as gateway,
        connect(f"ws://127.0.0.1:{gateway.number}/CS1", subprotocols=[Subprotocol("ocpp2.1")]) as short,
        gateway.connect("CS2", "ocpp2.1") as long,
    ):
        assert short.subprotocol == long.subprotocol == "ocpp2.1"
