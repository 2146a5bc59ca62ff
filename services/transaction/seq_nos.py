"""Which event had which seqNo, as a short digest of each: so that a seqNo of two different events is noticed,
and an event that a station sends again is not.
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
    """Digests by seqNo, one after another from 0 on: of this event alone. Dots stand for those unknown."""
    if not 0 <= seq_no <= MAX_SEQ_NO:
        return ""
    digest = blake2b("\n".join(event).encode(), digest_size=3).digest()
    return _NONE * seq_no + b64encode(digest, altchars=b"_~").decode()[:DIGEST_LENGTH]


def merge_digests(ours: str, theirs: str) -> tuple[str, bool]:
    """The digests of both, and whether they have different events of one seqNo. Commutative, associative and
    idempotent: of two digests, the smaller is kept. ``ours`` itself where it has all of ``theirs``.
    """
    start = (len(theirs) - len(theirs.lstrip("."))) // DIGEST_LENGTH * DIGEST_LENGTH
    known, new = ours[start : len(theirs)], theirs[start:]
    if known == new:
        return ours, False
    if not known.strip("."):
        return ours[:start].ljust(start, ".") + new + ours[len(theirs) :], False
    length = max(len(ours), len(theirs))
    pairs = list(zip(_digests(ours, length), _digests(theirs, length), strict=True))
    is_repeated = any(one != other and _NONE not in (one, other) for one, other in pairs)
    merged = "".join(max(pair) if _NONE in pair else min(pair) for pair in pairs)
    return (ours if merged == ours else merged), is_repeated


def _digests(text: str, length: int) -> list[str]:
    text = text.ljust(length, ".")
    return [text[at : at + DIGEST_LENGTH] for at in range(0, length, DIGEST_LENGTH)]
