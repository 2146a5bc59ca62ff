"""Whose headers count, and which address and scheme they name."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from libs.csms.proxies import Peer, TrustedProxies

PROXIES = TrustedProxies((ip_network("10.0.0.0/8"), ip_network("fd00::/8")))
PROXY = Peer("10.0.0.1", 1234)


@pytest.mark.parametrize(
    ("header", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:4711", "203.0.113.7:4711"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("2001:db8::1", "[2001:db8::1]"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("[2001:db8::1]:4711", "[2001:db8::1]:4711"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7, 10.9.9.9", "203.0.113.7"),
        ("<script>, 203.0.113.7", "203.0.113.7"),
        ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("203.0.113.7, fd00::1, ::ffff:10.2.2.2", "203.0.113.7"),
    ],
)
def test_the_right_most_address_that_is_no_proxy_is_the_client(header: str, client: str) -> None:
    assert str(PROXIES.client(PROXY, [header])) == client


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [""],
        ["203.0.113.7,"],
        ["unknown"],
        ["203.0.113.7, unknown, 10.2.2.2"],
        ["203.0.113.7:"],
        ["203.0.113.7:port"],
        ["[2001:db8::1"],
        ["1.2.3"],
        ["localhost"],
        ["203.0.113.7", "203.0.113.8"],
    ],
)
def test_doubled_or_malformed_headers_are_not_believed(headers: list[str]) -> None:
    assert PROXIES.client(PROXY, headers) == PROXY


@pytest.mark.parametrize("peer", ["203.0.113.9", "11.0.0.1", "::1", "", "unix"])
def test_nobody_else_is_believed(peer: str) -> None:
    assert PROXIES.client(Peer(peer, 1), ["203.0.113.7"]) == Peer(peer, 1)
    assert PROXIES.tls(Peer(peer, 1), ["https"]) is None


@pytest.mark.parametrize("peer", ["10.255.0.1", "::ffff:10.0.0.1", "fd00::5%eth0"])
def test_a_proxy_is_known_in_every_spelling_of_its_address(peer: str) -> None:
    assert PROXIES.client(Peer(peer, 1), ["203.0.113.7"]).host == "203.0.113.7"
    assert PROXIES.tls(Peer(peer, 1), ["https"]) is True


def test_without_a_network_no_proxy_is_trusted() -> None:
    assert not TrustedProxies().trusts(PROXY)


@pytest.mark.parametrize(
    ("headers", "tls"),
    [
        (["https"], True),
        (["WSS "], True),
        (["http"], False),
        (["ws"], False),
        ([], None),
        ([""], None),
        (["httpss"], None),
        (["http,https"], None),
        (["https,"], None),
        (["https", "https"], None),
        (["http", "https"], None),
    ],
)
def test_a_proxy_says_once_whether_there_is_tls(headers: list[str], tls: bool | None) -> None:
    assert PROXIES.tls(PROXY, headers) is tls
