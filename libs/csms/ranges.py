"""Sequence numbers as ranges: which have arrived, and which are missing between them.

Ranges are a list of numbers, the first and the last of each range in turn, so that they are small in JSON:
``[0, 4, 7, 7]`` are 0 to 4 and 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

MAX_RANGES = 1_000
"""A station that leaves more gaps than this has the last ones closed, so that a document stays small."""

MAX_MISSING = 100
"""Missing numbers that are named."""


def union(ours: list[int], theirs: list[int]) -> list[int]:
    """The ranges of both. ``ours`` itself where it has all of ``theirs``."""
    if not theirs or (ours and ours[-2] <= theirs[0] and theirs[-1] <= ours[-1]):
        return ours
    if ours and theirs[0] == ours[-1] + 1:
        return [*ours[:-1], *theirs[1:]]
    merged: list[int] = []
    for start, end in sorted([*_ranges(ours), *_ranges(theirs)]):
        if merged and start <= merged[-1] + 1:
            merged[-1] = max(merged[-1], end)
        else:
            merged += start, end
    if len(merged) > 2 * MAX_RANGES:
        merged = [*merged[: 2 * MAX_RANGES - 1], merged[-1]]
    return ours if merged == ours else merged


def missing(received: Sequence[int], since: int | None = None) -> list[int]:
    """The first ``MAX_MISSING`` numbers between those received, from ``since`` on if that is given."""
    if len(received) <= 2:
        return []
    ends, starts = received[1::2], received[2::2]
    least = received[0] if since is None else since
    gaps = (range(max(end + 1, least), start) for end, start in zip(ends, starts, strict=False))
    return list(islice(chain.from_iterable(gaps), MAX_MISSING))


def _ranges(flat: Sequence[int]) -> Iterator[tuple[int, int]]:
    return zip(flat[::2], flat[1::2], strict=True)
