"""Token buckets, and failed logins that back off without locking anybody out."""

from __future__ import annotations

import tracemalloc

import pytest

from libs.csms.limits import (
    MAX_FAILURES_AT_ONCE,
    FailedLogins,
    Pace,
    TokenBuckets,
    network_of,
    retry_after,
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(buckets: TokenBuckets, key: str, times: int) -> int:
    return sum(buckets.take(key) == 0 for _ in range(times))


def test_a_burst_passes_at_once_and_then_so_many_a_second(clock: Clock) -> None:
    buckets = TokenBuckets(rate=2, burst=5, clock=clock)

    assert taken(buckets, "a", 20) == 5
    assert buckets.take("a") == buckets.wait("a") == 0.5
    clock.now += 0.25
    assert buckets.take("a") == 0.25
    clock.now += 0.25
    assert taken(buckets, "a", 20) == 1
    clock.now += 3600
    assert taken(buckets, "a", 20) == 5


def test_a_cost_takes_as_much_as_many(clock: Clock) -> None:
    buckets = TokenBuckets(rate=1, burst=10, clock=clock)

    assert [buckets.take("a", 8), buckets.take("a", 8), buckets.take("a", 2)] == [0, 6, 0]


def test_keys_do_not_share(clock: Clock) -> None:
    buckets = TokenBuckets(rate=1, burst=1, clock=clock)

    assert [buckets.take(key) for key in ("a", "b", "a")] == [0, 0, 1]


def test_of_too_many_keys_the_one_used_longest_ago_is_forgotten(clock: Clock) -> None:
    buckets = TokenBuckets(rate=1, burst=2, max_keys=2, clock=clock)
    for key in ("a", "b", "a", "c"):
        assert buckets.take(key) == 0

    assert len(buckets) == 2
    assert buckets.wait("a") == 1
    assert taken(buckets, "b", 5) == 2


def test_a_pace_delays_what_is_faster_and_counts_all_of_it() -> None:
    pace = Pace(rate=50, burst=500)
    first = [pace.delay(now=7.0) for _ in range(500)]

    assert max(first) <= 1e-9
    assert pace.delay(now=7.0) == pytest.approx(0.02)
    assert pace.delay(now=7.0) == pytest.approx(0.04)
    assert pace.delay(now=7.1) <= 0
    assert pace.delay(now=1000.0) <= 0


def fail(logins: FailedLogins, address: str, account: str, times: int) -> None:
    for _ in range(times):
        logins.failed(address, account)


def test_an_address_that_fails_has_to_wait_at_every_account(clock: Clock) -> None:
    logins = FailedLogins(per_minute=60, clock=clock)
    fail(logins, "9.9.9.9", "CS1", 29)
    fail(logins, "9.9.9.9", "CS2", 30)
    assert logins.wait("9.9.9.9", "CS3") == 0
    fail(logins, "9.9.9.9", "CS2", 1)

    assert logins.wait("9.9.9.9", "CS3") == 1
    assert logins.wait("8.8.8.8", "CS3") == 0
    clock.now += 1
    assert logins.wait("9.9.9.9", "CS3") == 0


def test_an_account_that_many_fail_at_is_open_to_whoever_has_not_failed_there(clock: Clock) -> None:
    logins = FailedLogins(per_minute=60, clock=clock)
    for number in range(1000):
        logins.failed(f"9.9.{number % 250}.{number}", "CS1")

    assert logins.wait("8.8.8.8", "CS1") == 0
    assert logins.wait("9.9.1.1", "CS1") == 1
    clock.now += 0.5
    logins.failed("7.7.7.7", "CS1")
    assert logins.wait("9.9.1.1", "CS1") == 0.5
    assert logins.wait("9.9.1.1", "CS2") == 0


def test_who_logged_in_from_an_address_before_is_not_in_the_way_of_who_fails_there(clock: Clock) -> None:
    logins = FailedLogins(per_minute=60, clock=clock)
    logins.succeeded("9.9.9.9", "CS1")
    fail(logins, "9.9.9.9", "CS2", 70)

    assert logins.wait("9.9.9.9", "CS1") == 0
    assert logins.wait("9.9.9.9", "CS3") == 1
    fail(logins, "9.9.9.9", "CS1", MAX_FAILURES_AT_ONCE)
    assert logins.wait("9.9.9.9", "CS1") == 60


def test_a_minute_of_ten_thousand_guesses_a_second_takes_bounded_memory(clock: Clock) -> None:
    """From as many addresses, at as many accounts; of the 600,000 as many as show that nothing grows."""
    logins = FailedLogins(per_minute=60, max_keys=1000, clock=clock)

    def guess(numbers: range) -> None:
        for number in numbers:
            clock.now += 1e-4
            logins.failed(f"9.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", f"CS{number}")
            logins.succeeded("9.9.9.9", f"CS{number}")

    guess(range(5_000))
    tracemalloc.start()
    try:
        guess(range(5_000, 30_000))
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(logins) == 4 * 1000
    assert grown < 2_000_000


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no:address", "no:address"),
        ("", ""),
    ],
)
def test_a_user_of_ipv6_is_counted_as_one(address: str, counted: str) -> None:
    assert network_of(address) == counted


def test_a_client_is_told_to_wait_whole_seconds() -> None:
    assert [retry_after(wait) for wait in (0.0, 0.2, 1.0, 59.1)] == ["1", "1", "1", "60"]
