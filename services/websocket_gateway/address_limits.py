"""How often an address may try to connect, how many connections it may have, and how often it may guess.

A site behind NAT is one address. So are all stations behind a proxy that is not trusted.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from libs.csms.limits import FailedLogins, Seconds, TokenBuckets, network_of, retry_after
from libs.csms.web.server import is_loopback, slow_down
from libs.ocpp_messages.event import RefusalReason

from .context import GatewayLimits
from .negotiation import Refused

ATTEMPTS_PER_CONNECTION = 0.1
"""Connection attempts a second, of those that may be open."""

FULL_RETRY_AFTER = 60.0
"""Seconds after which an address that has all its connections may try another."""


class AddressLimits:
    """Loopback may connect as often as it likes. Nobody may guess secrets so."""

    def __init__(self, limits: GatewayLimits, clock: Seconds = time.monotonic) -> None:
        self._maximum = maximum = limits.connections_per_address
        self._attempts = TokenBuckets(ATTEMPTS_PER_CONNECTION * maximum, maximum, clock=clock)
        self._open: Counter[str] = Counter()
        self._logins = FailedLogins(limits.failed_logins_per_minute, clock=clock)

    def check_attempt(self, address: str) -> None:
        """Raises ``Refused`` where the address tries too often, or has as many connections as it may have."""
        if is_loopback(address):
            return
        network = network_of(address)
        if wait := self._attempts.take(network):
            raise _too_many(wait, "too many connection attempts from this address")
        if self._open[network] >= self._maximum:
            raise _too_many(
                FULL_RETRY_AFTER,
                f"this address has {self._maximum} connections: see CSMS_CONNECTIONS_PER_ADDRESS, and"
                " CSMS_TRUSTED_PROXIES where it is a proxy",
            )

    async def check_login(self, address: str, station_id: str) -> None:
        """Raises ``Refused`` where a secret is not looked at for now; whoever guesses waits for that."""
        if wait := self._logins.wait(address, station_id):
            await slow_down()
            raise _too_many(wait, "too many wrong secrets")

    def login_failed(self, address: str, station_id: str) -> None:
        self._logins.failed(address, station_id)

    def login_succeeded(self, address: str, station_id: str) -> None:
        self._logins.succeeded(address, station_id)

    @contextmanager
    def connected(self, address: str) -> Iterator[None]:
        """One connection of the address, while the block lasts."""
        network = network_of(address)
        self._open[network] += 1
        try:
            yield
        finally:
            self._open[network] -= 1
            if not self._open[network]:
                del self._open[network]


def _too_many(wait: float, text: str) -> Refused:
    headers = {"Retry-After": retry_after(wait)}
    return Refused(
        429, f"{text}; Retry-After says when to try again", RefusalReason.TOO_MANY_ATTEMPTS, headers
    )
