"""The energy register over time: what is kept of many readings, so that a register that falls is noticed.

Kept is the lowest reading of each of a few intervals of the same length, the shortest for which
``MAX_INTERVALS`` are enough. That follows from the readings alone, in whatever order they come.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

MAX_INTERVALS = 8
"""More would say more, and make every meter value longer to store."""


class RegisterHistory(NamedTuple):
    seconds: int
    """The length of the intervals, a power of two."""
    lowest: dict[int, Decimal]
    """The lowest reading of each, in Wh, by the number of the interval since 1970."""


def merge_histories(ours: RegisterHistory | None, theirs: RegisterHistory) -> RegisterHistory:
    """Commutative, associative and idempotent. ``ours`` itself where it has all of ``theirs``."""
    if ours is None:
        return theirs
    seconds = max(ours.seconds, theirs.seconds)
    known = lowest = _lengthened(ours, seconds)
    for number, wh in _lengthened(theirs, seconds).items():
        if number not in lowest or wh < lowest[number]:
            lowest = {**lowest, number: wh}
    if lowest is known and seconds == ours.seconds:
        return ours
    merged = RegisterHistory(seconds, lowest)
    while max(merged.lowest) - min(merged.lowest) >= MAX_INTERVALS:
        merged = RegisterHistory(2 * merged.seconds, _lengthened(merged, 2 * merged.seconds))
    return merged


def falls(history: RegisterHistory, start: int, start_wh: Decimal, end: int) -> bool:
    """Whether the register falls after the reading ``start_wh`` at ``start`` and before ``end``, both in
    seconds since 1970: below the lowest reading of an earlier interval.

    What happens in the intervals of the start and the end is not known.
    """
    first, last, highest = start // history.seconds, end // history.seconds, start_wh
    for number in sorted(history.lowest):
        if first < number < last:
            wh = history.lowest[number]
            if wh < highest:
                return True
            highest = wh
    return False


def _lengthened(history: RegisterHistory, seconds: int) -> dict[int, Decimal]:
    """The lowest readings of intervals of this length: the very same where they are so long already."""
    factor = seconds // history.seconds
    if factor == 1:
        return history.lowest
    longer: dict[int, Decimal] = {}
    for number, wh in history.lowest.items():
        longer[number // factor] = min(longer.get(number // factor, wh), wh)
    return longer
