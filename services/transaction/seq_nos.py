"""Which event had which seqNo, as a short digest of each: so that a seqNo of two different events is noticed,
and an event that a station sends again is not.

Digests are a text such as ``3:aZ..k1``: of the seqNos from 3 on, where dots stand for one that is unknown.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import blake2b

MAX_SEQ_NO = 1_000
"""Events of a higher seqNo are not compared, so that a document stays small."""

DIGEST_LENGTH = 2
"""Characters. One of 4,096 pairs of different events looks alike."""

_NONE = "." * DIGEST_LENGTH


def event_digests(seq_no: int, *event: str) -> str:
    """Of this event alone."""
    if not 0 <= seq_no <= MAX_SEQ_NO:
        return ""
    digest = blake2b("\n".join(event).encode(), digest_size=3).digest()
    return f"{seq_no}:{b64encode(digest, altchars=b'_~').decode()[:DIGEST_LENGTH]}"


def merge_digests(ours: str, theirs: str) -> tuple[str, bool]:
    """The digests of both, and whether they have different events of one seqNo. Commutative, associative and
    idempotent: of two digests, the smaller is kept. ``ours`` itself where it has all of ``theirs``.
    """
    if not ours or not theirs:
        return ours or theirs, False
    (first, known), (other_first, new) = _parsed(ours), _parsed(theirs)
    at = (other_first - first) * DIGEST_LENGTH
    if at == len(known):
        return f"{ours}{new}", False
    if at >= 0 and known[at : at + len(new)] == new:
        return ours, False
    start = min(first, other_first)
    known, new = _NONE * (first - start) + known, _NONE * (other_first - start) + new
    length = max(len(known), len(new))
    pairs = list(zip(_digests(known, length), _digests(new, length), strict=True))
    is_repeated = any(one != other and _NONE not in (one, other) for one, other in pairs)
    merged = f"{start}:{''.join(max(pair) if _NONE in pair else min(pair) for pair in pairs)}"
    return (ours if merged == ours else merged), is_repeated


def _parsed(digests: str) -> tuple[int, str]:
    first, _, text = digests.partition(":")
    return int(first), text


def _digests(text: str, length: int) -> list[str]:
    text = text.ljust(length, ".")
    return [text[at : at + DIGEST_LENGTH] for at in range(0, length, DIGEST_LENGTH)]
