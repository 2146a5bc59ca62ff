"""Whether an audit trail is whole and as it was written. Needs no secret: the public keys are enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from .key import PublicKey
from .model import Link, Record, Segment, SegmentHead, genesis, outcome_of, record_id


class Broken(NamedTuple):
    """The first that is wrong in a segment."""

    place: str
    """Id of the record; or of the segment, if it is none of its records."""
    what: str


class Unreadable(Exception):
    """What is stored at some place is not what the trail consists of. It hides what comes after it."""


class Source(Protocol):
    """Where a trail is read from. All raise ``Unreadable``."""

    async def segments(self) -> list[Segment]: ...

    async def openings(self) -> list[Record]:
        """The first record of each segment. Others may be among them, and some may be missing."""
        ...

    def records(self) -> AsyncIterator[list[Record]]:
        """Of one segment after the other, each as it was at one moment."""
        ...


class Summary(NamedTuple):
    segments: int
    records: int
    broken: list[Broken]


async def verify(
    source: Source, keys: Mapping[str, PublicKey], logged: Iterable[SegmentHead] = ()
) -> Summary:
    """``keys`` are those that are trusted, by their ids. ``logged`` are heads from an archive of the log."""
    segments = {one.id: one for one in await source.segments()}
    claims = _claims([*logged, *(head for one in await source.openings() for head in one.heads or ())])
    broken: list[Broken] = []
    seen: set[str] = set()
    count = 0
    async for records in source.records():
        id = records[0].segment
        if id not in segments:  # it may have begun meanwhile
            segments |= {one.id: one for one in await source.segments() if one.id not in segments}
        count += len(records)
        found = _broken_group(id, id in seen, segments.get(id), records, keys, claims[id])
        broken += [found] if found is not None else []
        seen.add(id)
    for id in sorted(segments.keys() - seen):
        found = broken_segment(segments[id], [], keys, claims[id])
        broken += [found] if found is not None else []
    for id in sorted(claims.keys() - segments.keys() - seen):
        broken.append(Broken(id, "the segment is gone: a later one or the log names it"))
    return Summary(len(segments), count, broken)


def broken_segment(
    segment: Segment, records: Sequence[Record], keys: Mapping[str, PublicKey], claims: Sequence[SegmentHead]
) -> Broken | None:
    """``claims`` are heads of this segment that others name."""
    key = keys.get(segment.key_id)
    if key is None:
        return Broken(segment.id, f"is signed with the key {segment.key_id}, which is not one of those given")
    for head in (segment.head, segment.checkpoint, *claims):
        if head is not None and not (head.segment == segment.id and key.signed_head(head)):
            return Broken(segment.id, f"the head of number {head.number} is not signed by its key")
    if segment.checkpoint is not None and segment.checkpoint.purpose != "checkpoint":
        return Broken(segment.id, "its checkpoint is no signed checkpoint")
    return _broken_chain(segment, records, key) or _broken_heads(segment, records, claims)


def _broken_group(
    id: str,
    is_second: bool,
    segment: Segment | None,
    records: Sequence[Record],
    keys: Mapping[str, PublicKey],
    claims: Sequence[SegmentHead],
) -> Broken | None:
    if is_second:
        return Broken(records[0].id, f"is stored apart from the others of segment {id}")
    if segment is None:
        return Broken(records[0].id, f"there is no segment {id}")
    return broken_segment(segment, records, keys, claims)


def _broken_chain(segment: Segment, records: Sequence[Record], key: PublicKey) -> Broken | None:
    number, hash = _start(segment)
    for step in _steps(records):
        record, link = step.record, step.link
        if link.number > number + 1:
            return Broken(record_id(segment.id, number + 1), f"number {number + 1} is missing")
        if link.number <= number:
            return Broken(record.id, f"its number {link.number} comes twice, or lies before the checkpoint")
        number = link.number
        if what := _wrong(segment, step, hash, key):
            return Broken(record.id, what)
        hash = link.hash
    return next((one for record in records if (one := _incomplete(record))), None)


def _wrong(segment: Segment, step: _Step, previous: str, key: PublicKey) -> str:
    record, link = step.record, step.link
    if record.segment != segment.id or not (step.is_end or record.id == record_id(segment.id, link.number)):
        return "is of another place"
    if record.kind == "opening" and (record.service, record.at) != (segment.service, segment.started_at):
        return "its segment is said to be of another service or time"
    digest = record.end_digest if step.is_end else record.digest
    if link.hash != digest(link.number, previous):
        return "was changed, or what is before it" if not step.is_end else "its end was changed"
    if not key.signed_hash(link.hash, link.signature):
        return "is not signed by the key of its segment"
    return ""


def _incomplete(record: Record) -> Broken | None:
    """What is derived is as it follows; nothing is without a link."""
    if record.link is None or (record.end is not None and record.end.link is None):
        return Broken(record.id, "is not in the chain")
    status = record.status if record.end is None else record.end.status
    expected = "succeeded" if record.kind == "opening" else outcome_of(status)
    if record.outcome != expected or (record.kind != "act" and record.end is not None):
        return Broken(record.id, f"its outcome is {expected}")
    return None


def _broken_heads(
    segment: Segment, records: Sequence[Record], claims: Sequence[SegmentHead]
) -> Broken | None:
    start, hash = _start(segment)
    hashes = {start: hash} | {step.link.number: step.link.hash for step in _steps(records)}
    last = max(hashes)
    for head in (segment.head, *claims):
        if head is None or head.number < start:
            continue
        if head.number > last:
            place = record_id(segment.id, last + 1)
            return Broken(place, f"number {last + 1} is missing, and all up to {head.number}")
        if hashes[head.number] != head.hash:
            return Broken(record_id(segment.id, head.number), "is another one than the signed head names")
    return None


class _Step(NamedTuple):
    """A record or its end, in the order of the chain."""

    link: Link
    record: Record
    is_end: bool


def _steps(records: Iterable[Record]) -> list[_Step]:
    return sorted(_unordered(records), key=lambda step: step.link.number)


def _unordered(records: Iterable[Record]) -> Iterator[_Step]:
    for record in records:
        if record.link is not None:
            yield _Step(record.link, record, False)
        if record.end is not None and record.end.link is not None:
            yield _Step(record.end.link, record, True)


def _start(segment: Segment) -> tuple[int, str]:
    """The number and the hash before the first record."""
    if segment.checkpoint is not None:
        return segment.checkpoint.number, segment.checkpoint.hash
    return 0, genesis(segment.id)


def _claims(heads: Iterable[SegmentHead]) -> defaultdict[str, list[SegmentHead]]:
    claims: defaultdict[str, list[SegmentHead]] = defaultdict(list)
    for head in heads:
        claims[head.segment].append(head)
    return claims


def last_number(records: Iterable[Record]) -> int:
    return max((step.link.number for step in _unordered(records)), default=0)


def has_gaps(records: Sequence[Record]) -> bool:
    numbers = sorted(step.link.number for step in _unordered(records))
    return bool(numbers) and numbers != list(range(numbers[0], numbers[0] + len(numbers)))


def until(records: Iterable[Record], number: int) -> list[Record]:
    """As they were when that was the last number."""
    cut = []
    for record in records:
        if record.link is None or record.link.number <= number:
            is_over = record.end is None or record.end.link is None or record.end.link.number <= number
            cut.append(record if is_over else record.without_end())
    return cut
