"""Who the client of a connection is, and whether it has TLS, where it may come through proxies. What the
headers of a proxy say counts only if the TCP peer is one that the operator trusts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

Network = IPv4Network | IPv6Network

_ADDRESS_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::([0-9]{1,5}))?|([0-9.]+):([0-9]{1,5})")
_TLS = {"https": True, "wss": True, "http": False, "ws": False}


class Peer(NamedTuple):
    """One end of a connection."""

    host: str
    """Its IP address."""
    port: int | None = None
    """None where a proxy does not name it."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


@dataclass(frozen=True)
class TrustedProxies:
    networks: tuple[Network, ...] = ()

    def trusts(self, peer: Peer) -> bool:
        if not self.networks:
            return False
        address = _address(peer.host)
        return address is not None and any(address in network for network in self.networks)

    def client(self, peer: Peer, forwarded_for: Sequence[str]) -> Peer:
        """The right-most address in ``X-Forwarded-For`` that is no trusted proxy: what stands before it, the
        client may have written itself. The TCP peer if that is no trusted proxy, if there is not exactly one
        such header, or if it cannot be read up to that address.
        """
        if len(forwarded_for) != 1 or not self.trusts(peer):
            return peer
        client = peer
        for text in reversed(forwarded_for[0].split(",")):
            found = _peer(text.strip())
            if found is None:
                return peer
            client = found
            if not self.trusts(client):
                break
        return client

    def tls(self, peer: Peer, forwarded_proto: Sequence[str]) -> bool | None:
        """Whether the client came with TLS, by ``X-Forwarded-Proto``. None if no trusted proxy says so in
        exactly one such header with exactly one value.
        """
        if len(forwarded_proto) != 1 or not self.trusts(peer):
            return None
        return _TLS.get(forwarded_proto[0].strip().lower())


def _peer(text: str) -> Peer | None:
    """An address, which may have a port: ``192.0.2.1:80``, ``[2001:db8::1]:80``."""
    port: str | None = None
    if found := _ADDRESS_WITH_PORT.fullmatch(text):
        text, port = (found[1], found[2]) if found[1] else (found[3], found[4])
    address = _address(text)
    return None if address is None else Peer(str(address), None if port is None else int(port))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The IPv4 address where one is mapped to IPv6. An IPv6 zone means nothing to other machines."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
