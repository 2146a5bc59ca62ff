"""Which event had which seqNo, as a short digest of each: so that a seqNo of two different events is noticed,
and an event that a station sends again is not.

Digests are a text such as ``3:aZ..!!k1``: of the seqNos from 3 on. Dots stand for one that is unknown, and
exclamation marks for one that different events have.
"""

from __future__ import annotations

from string import ascii_letters, digits
from zlib import crc32

MAX_SEQ_NO = 1_000
"""Events of a higher seqNo are not compared, so that a document stays small."""

DIGEST_LENGTH = 2
"""Characters. One of 4,096 pairs of different events looks alike."""

_NONE = "." * DIGEST_LENGTH
_DIFFERENT = "!" * DIGEST_LENGTH
_ALPHABET = f"{ascii_letters}{digits}_~"


def event_digests(seq_no: int, *event: str) -> str:
    """Of this event alone."""
    if not 0 <= seq_no <= MAX_SEQ_NO:
        return ""
    digest = crc32("\n".join(event).encode())
    return f"{seq_no}:{_ALPHABET[digest & 63]}{_ALPHABET[digest >> 6 & 63]}"


def merge_digests(ours: str, theirs: str) -> str:
    """Commutative, associative and idempotent. ``ours`` itself where it has all of ``theirs``."""
    if not ours:
        return theirs
    (first, known), (other_first, new) = _parsed(ours), _parsed(theirs)
    at = (other_first - first) * DIGEST_LENGTH
    if at == len(known):
        return f"{ours}{new}"
    if at >= 0 and known[at : at + len(new)] == new:
        return ours
    start = min(first, other_first)
    known, new = _NONE * (first - start) + known, _NONE * (other_first - start) + new
    length = max(len(known), len(new))
    pairs = zip(_digests(known, length), _digests(new, length), strict=True)
    merged = f"{start}:{''.join(_merged(*pair) for pair in pairs)}"
    return ours if merged == ours else merged


def is_repeated(digests: str) -> bool:
    """Whether different events have the same seqNo."""
    return _DIFFERENT in digests


def _merged(one: str, other: str) -> str:
    if one == other or other == _NONE:
        return one
    return other if one == _NONE else _DIFFERENT


def _parsed(digests: str) -> tuple[int, str]:
    first, _, text = digests.partition(":")
    return int(first), text


def _digests(text: str, length: int) -> list[str]:
    text = text.ljust(length, ".")
    return [text[at : at + DIGEST_LENGTH] for at in range(0, length, DIGEST_LENGTH)]
