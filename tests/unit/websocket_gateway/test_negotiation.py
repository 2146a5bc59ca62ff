"""Which station a handshake names, and in which version of OCPP it wants to speak."""

from __future__ import annotations

import re

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from libs.csms.clients.admission import Admission
from libs.ocpp_messages.version import Version
from services.websocket_gateway.negotiation import (
    Refused,
    agreed_subprotocol,
    default_subprotocol,
    offered_subprotocols,
    requested_station_id,
)

from .fake_csms import CURRENT_TIME, result
from .listening_gateway import UPGRADE, admission, listening_gateway


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
