"""How often something may happen, for each of many keys, and how many an address may have open at once.
All of it is in bounded memory.

They are of one process: where a service has two replicas, up to twice as much passes.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from ipaddress import IPv6Address, IPv6Network
from math import ceil

from .proxies import Peer, TrustedProxies

log = logging.getLogger(__name__)

MAX_KEYS = 10_000
"""Keys of one kind that are remembered. The one that was used longest ago is forgotten first, which fills its
bucket again."""

MAX_FAILURES_AT_ONCE = 10
"""Failed logins at one account before a caller has to wait between them. An address may fail for a minute."""

FAILURE_MEMORY = 60.0
"""Seconds after which one failed login at an account no longer counts against the address that it came from.
"""

Seconds = Callable[[], float]
"""A clock that only ever goes forward, such as the time of an event loop."""


class TokenBuckets:
    """Of each key, ``burst`` at once and then ``rate`` a second."""

    def __init__(
        self, rate: float, burst: float, max_keys: int = MAX_KEYS, clock: Seconds = time.monotonic
    ) -> None:
        self.burst = burst
        self._interval = 1 / rate
        self._max_keys = max_keys
        self._clock = clock
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()

    def wait(self, key: Hashable, cost: float = 1) -> float:
        """Seconds until ``take`` succeeds, 0 for now. Takes nothing. ``cost`` is at most ``burst``."""
        return max(self._full_at.get(key, 0.0) - self._clock() - (self.burst - cost) * self._interval, 0.0)

    def take(self, key: Hashable, cost: float = 1) -> float:
        """Seconds to wait; 0 where it was taken. What has to wait takes nothing."""
        wait = self.wait(key, cost)
        if wait == 0:
            now = self._clock()
            self._full_at[key] = max(self._full_at.get(key, 0.0), now) + cost * self._interval
            self._full_at.move_to_end(key)
            if len(self._full_at) > self._max_keys:
                self._full_at.popitem(last=False)
        return wait

    def __len__(self) -> int:
        return len(self._full_at)


class Pace:
    """One bucket whose user takes always, and then waits until it may go on."""

    __slots__ = ("_full_at", "_interval", "_slack")

    def __init__(self, rate: float, burst: float) -> None:
        self._interval = 1 / rate
        self._slack = burst / rate
        self._full_at = 0.0

    def delay(self, now: float) -> float:
        """Take one, at this time of the event loop. Seconds to wait before going on; 0 or less for none."""
        full_at = self._full_at
        self._full_at = full_at = (full_at if full_at > now else now) + self._interval
        return full_at - now - self._slack


class FailedLogins:
    """Wrong secrets back off for the address that they come from and for the account that they are tried on.

    Nobody can lock the owner of an account out: where many fail at it, the right secret still passes from
    every address that has not failed there lately. And where one at an address fails, the accounts that
    logged in from there before are not in the way of each other, as those behind one NAT would be.
    """

    def __init__(self, per_minute: float, max_keys: int = MAX_KEYS, clock: Seconds = time.monotonic) -> None:
        rate = per_minute / 60
        self._by_address = TokenBuckets(rate, max(per_minute, MAX_FAILURES_AT_ONCE), max_keys, clock)
        self._by_account = TokenBuckets(rate, MAX_FAILURES_AT_ONCE, max_keys, clock)
        self._by_both = TokenBuckets(1 / FAILURE_MEMORY, MAX_FAILURES_AT_ONCE, max_keys, clock)
        self._succeeded: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._max_keys = max_keys

    def wait(self, address: str, account: str) -> float:
        """Seconds until a secret is looked at again, 0 for now. Until then not even the right one is, or else
        guessing would not be slower.
        """
        both = network_of(address), account
        wait = self._by_both.wait(both)
        if both not in self._succeeded:
            none_failed = self._by_both.wait(both, MAX_FAILURES_AT_ONCE)
            wait = max(wait, self._by_address.wait(both[0]), min(none_failed, self._by_account.wait(account)))
        return wait

    def failed(self, address: str, account: str) -> None:
        network = network_of(address)
        self._by_address.take(network)
        self._by_account.take(account)
        self._by_both.take((network, account))

    def succeeded(self, address: str, account: str) -> None:
        both = network_of(address), account
        self._succeeded[both] = None
        self._succeeded.move_to_end(both)
        if len(self._succeeded) > self._max_keys:
            self._succeeded.popitem(last=False)

    def __len__(self) -> int:
        """Keys that are remembered."""
        buckets = self._by_address, self._by_account, self._by_both
        return len(self._succeeded) + sum(len(each) for each in buckets)


class OpenByAddress:
    """How many of something each address has open. A trusted proxy may have any number, which are others'."""

    def __init__(self, what: str, maximum: int | None, proxies: TrustedProxies) -> None:
        """``what`` is the name in the log, in the plural. A ``maximum`` of None is no limit."""
        self._what = what
        self._maximum = maximum
        self._proxies = proxies
        self._by_host: Counter[str] = Counter()
        self._full: set[str] = set()
        """Those that the log has named. They have connections, which bounds them too."""

    def begin(self, peer: Peer) -> bool:
        """Whether the peer may have one more. Each that has begun must end."""
        self._by_host[peer.host] += 1
        if self._maximum is None or self._by_host[peer.host] <= self._maximum or self._proxies.trusts(peer):
            return True
        if peer.host not in self._full:
            self._full.add(peer.host)
            log.warning("address %s: more than %d %s", peer.host, self._maximum, self._what)
        return False

    def end(self, peer: Peer) -> None:
        self._by_host[peer.host] -= 1
        if not self._by_host[peer.host]:
            del self._by_host[peer.host]
            self._full.discard(peer.host)


def network_of(address: str) -> str:
    """What limits count as one address: one of IPv4, or the 64 bits of IPv6 that one user is given."""
    if ":" not in address:
        return address
    try:
        ip = IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ip.ipv4_mapped or IPv6Network((ip, 64), strict=False))


def retry_after(wait: float) -> str:
    """The header for so many seconds: whole ones, and at least one."""
    return str(max(ceil(wait), 1))
