from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from libs.csms.station_messages.report import MAX_PAUSE, MultipartReport, ReportPart

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def part(seq_no: int | None, *, last: bool = False, seconds: float = 0) -> ReportPart:
    at = NOW + timedelta(seconds=seconds)
    return ReportPart("key", "CS1", "NotifyReport", 1, seq_no, last, at)


def report(*parts: ReportPart) -> MultipartReport:
    known = MultipartReport.of(parts[0])
    for one in parts[1:]:
        known = known.merge(one)
    return known


@given(st.integers(1, 30).flatmap(lambda n: st.permutations(range(n))), st.data())
def test_any_order_of_parts_with_any_repeated_makes_the_same_report(
    order: list[int], data: st.DataObject
) -> None:
    parts = [part(n, last=n == len(order) - 1, seconds=n) for n in range(len(order))]
    repeated = data.draw(st.lists(st.sampled_from(order), max_size=5))

    assert report(*(parts[n] for n in [*order, *repeated])) == report(*parts)
    assert report(*parts).shown(NOW).status == "complete"


@given(st.sets(st.integers(0, 40), min_size=1))
def test_what_is_missing_is_every_number_that_has_not_come(numbers: set[int]) -> None:
    known = report(*(part(n) for n in numbers), part(41, last=True))

    assert known.missing == sorted(set(range(41)) - numbers)


def test_parts_without_numbers_are_complete_with_the_last() -> None:
    assert report(part(None)).shown(NOW).status == "receiving"
    assert report(part(None), part(None, last=True)).shown(NOW).status == "complete"


def test_a_part_that_is_long_overdue_begins_another_report() -> None:
    later = MAX_PAUSE.total_seconds() + 1
    newer = part(0, last=True, seconds=later)

    assert report(part(0), part(5, last=True), newer) == MultipartReport.of(newer)
    assert report(newer, part(0)) == MultipartReport.of(newer)


def test_a_station_that_leaves_endless_gaps_does_not_fill_the_store() -> None:
    known = report(*(part(2 * n) for n in range(1_500)))

    assert len(known.received) == 2_000
