"""The energy register over time: what is kept of many readings, so that a register that falls is noticed.

Kept are the lowest and the highest reading of a few intervals of the same length, the shortest for which
``MAX_INTERVALS`` are enough. That follows from the readings alone, in whatever order they come.
"""

from __future__ import annotations

from decimal import Decimal

MAX_INTERVALS = 8
"""More would say more, and make every meter value longer to store."""

Span = tuple[Decimal, Decimal]
"""The lowest and the highest reading of an interval, in Wh."""

Spans = dict[int, Span]
"""By the number of the interval since 1970."""


def merge_spans(seconds: int, ours: Spans, other_seconds: int, theirs: Spans) -> tuple[int, Spans]:
    """Each with the length of its intervals, a power of two of seconds. Commutative, associative and
    idempotent. ``ours`` itself where it has all of ``theirs``.
    """
    if seconds < other_seconds:
        seconds, ours = other_seconds, _lengthened(ours, other_seconds // seconds)
    factor, spans = seconds // other_seconds, ours
    for number, (low, high) in theirs.items():
        number //= factor
        known = spans.get(number)
        if known is None or low < known[0] or high > known[1]:
            span = (low, high) if known is None else (min(known[0], low), max(known[1], high))
            spans = {**spans, number: span}
    if spans is not ours:
        while max(spans) - min(spans) >= MAX_INTERVALS:
            seconds, spans = seconds * 2, _lengthened(spans, 2)
    return seconds, spans


def falls(seconds: int, spans: Spans, start: int, start_wh: Decimal, end: int) -> bool:
    """Whether the register falls after the reading ``start_wh`` at ``start`` and before ``end``, both in
    seconds since 1970.

    What happens within one interval is not known, nor within those of the start and the end.
    """
    first, last, highest = start // seconds, end // seconds, start_wh
    for number in sorted(spans):
        if first < number < last:
            low, high = spans[number]
            if low < highest:
                return True
            highest = high
    return False


def _lengthened(spans: Spans, factor: int) -> Spans:
    longer: Spans = {}
    for number, (low, high) in spans.items():
        known = longer.get(number // factor, (low, high))
        longer[number // factor] = min(known[0], low), max(known[1], high)
    return longer
