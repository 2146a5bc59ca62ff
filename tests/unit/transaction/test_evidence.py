from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.csms.ranges import MAX_MISSING, MAX_RANGES, missing, union
from services.transaction.evidence import read_time
from services.transaction.seq_nos import DIGEST_LENGTH, MAX_SEQ_NO, event_digests, is_repeated, merge_digests
from services.transaction.warnings import UNREADABLE_TIME

from .fakes import NOW


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T12:00:00Z",
        "2026-11-20T12:00:00",
        "2026-11-20 13:00:00.0004+01:00",
        "2026-11-20T12:00:00+00",
    ],
)
def test_a_time_is_read_with_or_without_zone(text: str) -> None:
    assert read_time(text, datetime(1970, 1, 1, tzinfo=UTC)) == (NOW, None)


@pytest.mark.parametrize("text", ["", "yesterday", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_for_a_time_that_cannot_be_read_another_stands_in(text: str) -> None:
    assert read_time(text, NOW) == (NOW, UNREADABLE_TIME)


@given(st.lists(st.integers(-5, 40), min_size=1))
def test_ranges_hold_what_was_received(numbers: list[int]) -> None:
    received: list[int] = []
    for number in numbers:
        received = union(received, [number, number])

    held = {
        n for start, end in zip(received[::2], received[1::2], strict=True) for n in range(start, end + 1)
    }
    assert held == set(numbers)
    assert missing(received, None) == sorted(set(range(min(numbers), max(numbers))) - set(numbers))


def test_numbers_before_the_start_are_not_missing() -> None:
    assert missing([0, 0, 5, 5, 7, 7], since=5) == [6]


def test_a_gap_of_two_thousand_million_is_cut_short() -> None:
    assert missing([0, 0, 2**31, 2**31], since=0) == list(range(1, MAX_MISSING + 1))


def test_a_station_that_leaves_gaps_for_ever_fills_no_document() -> None:
    received: list[int] = []
    for number in range(0, 4 * MAX_RANGES, 2):
        received = union(received, [number, number])

    assert len(received) == 2 * MAX_RANGES
    assert (received[0], received[-1]) == (0, 4 * MAX_RANGES - 2)


digested = st.lists(st.tuples(st.integers(0, MAX_SEQ_NO + 1), st.sampled_from("ab")), max_size=8)


@given(digested, st.randoms(use_true_random=False))
def test_digests_of_events_tell_which_seq_no_is_that_of_two_events(
    sent: list[tuple[int, str]], random: Random
) -> None:
    kept = {(seq_no, event) for seq_no, event in sent if seq_no <= MAX_SEQ_NO}
    shuffled = [*sent, *sent[:2]]
    random.shuffle(shuffled)

    digests = _digested(sent)

    assert is_repeated(digests) == (len(kept) > len({seq_no for seq_no, _ in kept}))
    assert digests == _digested(shuffled)
    assert len(digests) <= len(str(MAX_SEQ_NO)) + 1 + DIGEST_LENGTH * (MAX_SEQ_NO + 1)


def _digested(sent: list[tuple[int, str]]) -> str:
    digests = ""
    for one in sent:
        if digest := event_digests(*one):
            digests = merge_digests(digests, digest)
    return digests
