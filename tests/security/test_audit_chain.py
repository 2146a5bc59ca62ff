"""Whatever is done to the stored audit trail without its key is found."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from libs.csms.audit import trail as module
from libs.csms.audit.key import AuditKey, by_id
from libs.csms.audit.model import End, Link, Record, Segment, SegmentHead, genesis, record_id
from libs.csms.audit.sources import FileSource, logged_heads
from libs.csms.audit.trail import Trail
from libs.csms.audit.verify import Unreadable, has_gaps, until, verify
from libs.csms.clock import utc_now
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.storage.store import Document, NotStored

from .trails import Copy, carry_out, trail_of

OTHER_KEY = AuditKey(Ed25519PrivateKey.generate())


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "csms.db")
    yield store
    await store.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Three segments: two processes at the same time, and one after them."""

    async def made() -> Copy:
        store = SqliteStore(tmp_path_factory.mktemp("trail") / "csms.db")
        device, user = trail_of(store, "device"), trail_of(store, "user")
        for trail in (device, user):
            await asyncio.gather(*(carry_out(trail, number, 200 + 201 * (number % 2)) for number in range(6)))
            await carry_out(trail, 7, None)
        await asyncio.gather(device.close(), user.close())
        later = trail_of(store, "device")
        for number in range(4):
            await carry_out(later, number)
        await later.close()
        copy = await Copy.of(later)
        await store.close()
        return copy

    return asyncio.run(made())


async def test_a_trail_as_it_was_written_is_whole(whole: Copy) -> None:
    assert len(whole.segments_) == 3
    assert len(whole.records_) == 3 + 7 + 7 + 4
    assert await whole.broken() == []


def copy_of(whole: Copy) -> Copy:
    return Copy(list(whole.segments_), list(whole.records_), whole.trusted)


def flip(copy: Copy, chosen: random.Random) -> None:
    """A character of a stored document becomes another one, or a number another number."""
    documents: list[Any] = chosen.choice([copy.segments_, copy.records_])
    at = chosen.randrange(len(documents))
    document = documents[at]
    content = json_of(document)
    place, name = chosen.choice([*leaves(content)])
    place[name] = altered(place[name], chosen)
    documents[at] = type(document).model_validate(content)


def json_of(document: Document) -> dict[str, Any]:
    return document.model_dump(mode="json", by_alias=True, exclude_none=True)


def leaves(value: Any) -> Any:
    for name in value if isinstance(value, dict) else range(len(value)):
        if isinstance(value[name], dict | list):
            yield from leaves(value[name])
        else:
            yield value, name


def altered(value: Any, chosen: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chosen.choice([-1, 1])
    at = chosen.randrange(len(value)) if value else 0
    return value[:at] + chr(ord(value[at]) ^ 1 if value else 65) + value[at + 1 :]


def restate(copy: Copy, chosen: random.Random) -> None:
    """What is derived from the rest says something else."""
    at = chosen.randrange(len(copy.records_))
    outcomes = {"succeeded", "refused", "failed", "unknown"} - {copy.records_[at].outcome}
    copy.records_[at] = copy.records_[at].changed(outcome=chosen.choice(sorted(outcomes)))


def unlink(copy: Copy, chosen: random.Random) -> None:
    """The end of a record, or what is said to be one, is in no chain."""
    at = chosen.randrange(len(copy.records_))
    end = copy.records_[at].end or End(at=utc_now(), status=200)
    copy.records_[at] = copy.records_[at].ended(end.changed(link=None))


def store_apart(copy: Copy, chosen: random.Random) -> None:
    """Under an id that is not its own, so that it is read elsewhere."""
    at = chosen.randrange(1, len(copy.records_) - 5)
    copy.records_.append(copy.records_.pop(at))


def drop(copy: Copy, chosen: random.Random) -> None:
    del copy.records_[chosen.randrange(len(copy.records_))]


def drop_an_end(copy: Copy, chosen: random.Random) -> None:
    at = chosen.choice([n for n, record in enumerate(copy.records_) if record.end is not None])
    copy.records_[at] = copy.records_[at].without_end()


def reorder(copy: Copy, chosen: random.Random) -> None:
    """Two records of a segment exchange their places in the chain."""
    one, other = two_of(copy, chosen, same_segment=True)
    first, second = copy.records_[one], copy.records_[other]
    copy.records_[one] = first.changed(id=second.id, link=second.link)
    copy.records_[other] = second.changed(id=first.id, link=first.link)


def swap_between_segments(copy: Copy, chosen: random.Random) -> None:
    one, other = two_of(copy, chosen, same_segment=False)
    first, second = copy.records_[one], copy.records_[other]
    copy.records_[one] = second.changed(id=first.id, segment=first.segment)
    copy.records_[other] = first.changed(id=second.id, segment=second.segment)


def two_of(copy: Copy, chosen: random.Random, same_segment: bool) -> list[int]:
    numbers = range(len(copy.records_))
    pairs = [
        (one, other)
        for one in numbers
        for other in numbers[one + 1 :]
        if (copy.records_[one].segment == copy.records_[other].segment) is same_segment
    ]
    return list(chosen.choice(pairs))


def truncate(copy: Copy, chosen: random.Random) -> None:
    """All from some number of a segment on is gone."""
    segment = chosen.choice(copy.segments_)
    assert segment.head is not None
    kept = chosen.randrange(segment.head.number)
    own = until([one for one in copy.records_ if one.segment == segment.id], kept)
    copy.records_ = [one for one in copy.records_ if one.segment != segment.id] + own


def truncate_with_head(copy: Copy, chosen: random.Random) -> None:
    """Of the last segment too, where the thief has a head that he made himself."""
    truncate(copy, chosen)
    for n, segment in enumerate(copy.segments_):
        own = [one for one in copy.records_ if one.segment == segment.id and one.link is not None]
        if own and own[-1].link is not None and segment.head is not None:
            last = max(own, key=lambda one: one.link.number if one.link else 0).link
            assert last is not None
            head = segment.head.changed(number=last.number, hash=last.hash, signature=last.signature)
            copy.segments_[n] = segment.changed(head=head)


def insert(copy: Copy, chosen: random.Random) -> None:
    """With the right hash, and the signature of another key or of another record."""
    segment = chosen.choice(copy.segments_)
    assert segment.head is not None
    number = segment.head.number + 1
    forged = Record(
        id=record_id(segment.id, number), segment=segment.id, kind="act", at=utc_now(), service="x"
    )
    digest = forged.digest(number, segment.head.hash)
    signature = chosen.choice([OTHER_KEY.sign_hash(digest), segment.head.signature])
    at = max(n for n, one in enumerate(copy.records_) if one.segment == segment.id) + 1
    copy.records_.insert(at, forged.changed(link=Link(number=number, hash=digest, signature=signature)))


def duplicate(copy: Copy, chosen: random.Random) -> None:
    at = chosen.randrange(len(copy.records_))
    copy.records_.insert(chosen.randrange(len(copy.records_)), copy.records_[at])


def forge_head(copy: Copy, chosen: random.Random) -> None:
    at = chosen.randrange(len(copy.segments_))
    segment = copy.segments_[at]
    assert segment.head is not None
    copy.segments_[at] = segment.changed(head=OTHER_KEY.signed(segment.head))


def forge_checkpoint(copy: Copy, chosen: random.Random) -> None:
    """The head of a segment is said to be where it was pruned, and nothing is left before it."""
    at = chosen.randrange(len(copy.segments_))
    segment = copy.segments_[at]
    copy.segments_[at] = segment.changed(checkpoint=segment.head)
    copy.records_ = [one for one in copy.records_ if one.segment != segment.id]


def drop_segment(copy: Copy, chosen: random.Random) -> None:
    """One that a later one names, with its document."""
    segment = chosen.choice(sorted(copy.segments_, key=lambda one: one.started_at)[:-1])
    copy.segments_.remove(segment)
    copy.records_ = [one for one in copy.records_ if one.segment != segment.id]


def add_segment(copy: Copy, chosen: random.Random) -> None:
    """A forged one, signed by a key of the forger."""
    id = "20270101T000000-00000000"
    if chosen.random() < 0.5:
        copy.segments_.append(Segment(id=id, service="x", started_at=utc_now(), key_id=OTHER_KEY.public.id))
    copy.records_.append(Record(id=record_id(id, 1), segment=id, kind="act", at=utc_now(), service="x"))


MUTATIONS = [
    flip,
    restate,
    unlink,
    store_apart,
    drop,
    drop_an_end,
    reorder,
    swap_between_segments,
    truncate,
    truncate_with_head,
    insert,
    duplicate,
    forge_head,
    forge_checkpoint,
    drop_segment,
    add_segment,
]


@given(st.sampled_from(MUTATIONS), st.integers(0, 2**32))
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_change_is_found(whole: Copy, mutate: Any, seed: int) -> None:
    copy = copy_of(whole)
    try:
        mutate(copy, random.Random(seed))
    except ValidationError:
        return  # nobody can read it any more
    assert copy.segments_ != whole.segments_ or copy.records_ != whole.records_
    assert asyncio.run(copy.broken()) != []


async def test_every_field_of_every_document_is_covered(whole: Copy) -> None:
    chosen, missed = random.Random(9), []
    for name in ("segments_", "records_"):
        for at, document in enumerate(getattr(whole, name)):
            for number, _ in enumerate(leaves(json_of(document))):
                content, copy = json_of(document), copy_of(whole)
                place, field = [*leaves(content)][number]
                place[field] = altered(place[field], chosen)
                try:
                    getattr(copy, name)[at] = type(document).model_validate(content)
                except ValidationError:
                    continue
                if not await copy.broken():
                    missed.append((name, at, field))
    assert missed == []


async def test_the_first_broken_record_is_named(whole: Copy) -> None:
    copy = copy_of(whole)
    at = next(n for n, one in enumerate(copy.records_) if one.link is not None and one.link.number == 3)
    copy.records_[at] = copy.records_[at].changed(caller_id="somebody else")

    [broken] = await copy.broken()
    assert broken.place == copy.records_[at].id
    assert "was changed" in broken.what


async def test_a_trail_that_another_key_signed_is_not_trusted(whole: Copy) -> None:
    broken = (await verify(whole, by_id([OTHER_KEY.public]))).broken

    assert len(broken) == 3
    assert all("is not one of those given" in one.what for one in broken)


async def test_old_records_may_be_deleted_up_to_a_signed_checkpoint(whole: Copy) -> None:
    copy = copy_of(whole)
    segment = copy.segments_[0]
    own = [one for one in copy.records_ if one.segment == segment.id]
    at = next(n for n in range(2, 14) if all(ends_before(one, n) or begins_after(one, n) for one in own))
    link = next(one for one in links_of(own) if one.number == at)
    head = SegmentHead(
        segment=segment.id, purpose="checkpoint", number=at, hash=link.hash, at=utc_now(), key_id=""
    )
    copy.segments_[0] = segment.changed(checkpoint=copy.trusted.key.signed(head))
    copy.records_ = [one for one in copy.records_ if one.segment != segment.id or begins_after(one, at)]

    assert len(copy.records_) < len(whole.records_)
    assert await copy.broken() == []


def links_of(records: list[Record]) -> list[Link]:
    ends = [one.end.link for one in records if one.end is not None]
    return [link for link in [*(one.link for one in records), *ends] if link is not None]


def ends_before(record: Record, number: int) -> bool:
    return record.link is not None and all(one.number <= number for one in links_of([record]))


def begins_after(record: Record, number: int) -> bool:
    return record.link is not None and record.link.number > number


async def test_what_was_dropped_at_the_end_is_found_by_the_log(
    store: SqliteStore, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level("INFO")
    trail = trail_of(store)
    await carry_out(trail, 1)
    early = await Copy.of(trail)
    await trail.sign_heads()
    early.segments_ = [one.changed(head=None) for one in early.segments_]
    await carry_out(trail, 2)
    await trail.close()
    log = tmp_path / "log"
    lines = [orjson.dumps({"message": record.getMessage()}) for record in caplog.records]
    log.write_bytes(b"\n".join([*lines, b"no JSON"]))

    keys = by_id([trail.key.public])
    assert (await verify(early, keys)).broken == []
    [broken] = (await verify(early, keys, logged_heads(log))).broken
    assert "is missing" in broken.what
    assert (await verify(await Copy.of(trail), keys, logged_heads(log))).broken == []


async def test_who_has_the_key_and_writes_another_trail_is_found_by_the_log(whole: Copy) -> None:
    copy, key = copy_of(whole), whole.trusted.key
    segment = max(copy.segments_, key=lambda one: one.started_at)
    own = [one for one in copy.records_ if one.segment == segment.id]
    number, hash, forged = 0, genesis(segment.id), []
    for record in own:
        number += 1
        other = record.without_end().changed(id=record_id(segment.id, number), caller_id="somebody else")
        hash = other.digest(number, hash)
        other = other.changed(outcome="succeeded" if number == 1 else "unknown")
        forged.append(other.changed(link=Link(number=number, hash=hash, signature=key.sign_hash(hash))))
    assert segment.head is not None
    head = key.signed(segment.head.changed(number=number, hash=hash))
    copy.segments_ = [one.changed(head=head) if one is segment else one for one in copy.segments_]
    copy.records_ = [one for one in copy.records_ if one.segment != segment.id] + forged
    logged = [segment.head.changed(number=2, hash=links_of(own)[1].hash)]

    assert await copy.broken() == []
    [broken] = (await verify(copy, by_id([key.public]), [key.signed(one) for one in logged])).broken
    assert broken == (record_id(segment.id, 2), "is another one than the signed head names")


async def test_a_record_that_is_stored_apart_is_named(whole: Copy) -> None:
    copy = copy_of(whole)
    copy.records_.append(copy.records_[0])
    assert (copy.records_[0].id, copy.records_[0].kind) == (copy.records_[-1].id, "opening")
    [broken] = await copy.broken()
    assert "is stored apart" in broken.what


async def test_two_processes_write_segments_of_their_own(store: SqliteStore) -> None:
    one, other = trail_of(store), trail_of(store)
    await asyncio.gather(*(carry_out(trail, number) for number in range(20) for trail in (one, other)))
    await asyncio.gather(one.close(), other.close())
    copy = await Copy.of(one)

    assert len(copy.segments_) == 2
    assert len(copy.records_) == 42
    assert await copy.broken() == []


async def test_a_process_that_is_killed_leaves_a_whole_trail(store: SqliteStore) -> None:
    killed = trail_of(store)
    await carry_out(killed, 1)
    await carry_out(killed, 2, None)
    trail = trail_of(store)
    await carry_out(trail, 3)
    await trail.close()
    copy = await Copy.of(trail)

    assert await copy.broken() == []
    assert [one.outcome for one in copy.records_ if one.kind == "act"].count("unknown") == 1


async def test_a_full_segment_takes_ends_and_no_new_acts(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_LINKS", 5)
    trail = trail_of(store)
    begun = await trail.begin(Record(id="", segment="", kind="act", at=utc_now(), service="x"))
    for number in range(6):
        await carry_out(trail, number)
    await trail.sign_heads()
    await trail.end(begun, End(at=utc_now(), status=204))
    await trail.sign_heads()
    copy = await Copy.of(trail)

    assert len(copy.segments_) > 2
    heads = [one.head for one in sorted(copy.segments_, key=lambda one: one.started_at)]
    assert [head is not None and head.closed for head in heads] == [True] * (len(heads) - 1) + [False]
    assert all(one.outcome == "succeeded" for one in copy.records_)
    assert await copy.broken() == []


async def head_of(trail: Trail, number: int) -> SegmentHead:
    """Of its only segment, as soon as one of that number or more is stored."""
    async with asyncio.timeout(30):
        while True:
            [segment] = (await Copy.of(trail)).segments_
            if segment.head is not None and segment.head.number >= number:
                return segment.head
            await asyncio.sleep(0.01)


async def test_a_head_is_signed_soon_after_a_record_and_once_more_at_the_end(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HEAD_INTERVAL", 0.01)
    trail = trail_of(store)
    async with trail.running():
        await carry_out(trail, 1)
        first = await head_of(trail, 3)
        await carry_out(trail, 2)
        second = await head_of(trail, 5)
    last = await head_of(trail, 5)

    assert [(one.number, one.closed) for one in (first, second, last)] == [(3, False), (5, False), (5, True)]
    assert all(trail.key.public.signed_head(one) for one in (first, second, last))


async def test_a_hundred_links_do_not_wait_for_their_head(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HEAD_INTERVAL", 3600)
    trail = trail_of(store)
    async with trail.running():
        await asyncio.gather(*(carry_out(trail, number) for number in range(60)))
        assert (await head_of(trail, 100)).closed is False


class Refusing:
    """The documents of segments, which cannot be written for a while."""

    def __init__(self, trail: Trail) -> None:
        self._segments = trail.segments
        self.refused = 0
        trail.segments = self  # type: ignore[assignment]

    async def update(self, id: str, change: Any) -> Any:
        if self.refused < 3:
            self.refused += 1
            raise NotStored
        return await self._segments.update(id, change)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._segments, name)


async def test_a_head_that_cannot_be_stored_is_stored_later(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HEAD_INTERVAL", 0.01)
    trail = trail_of(store)
    refusing = Refusing(trail)
    async with trail.running():
        await carry_out(trail, 1)
        await head_of(trail, 3)
    assert refusing.refused == 3


async def test_a_trail_is_whole_while_it_is_read_and_written(store: SqliteStore) -> None:
    trail = trail_of(store)
    begun = [await trail.begin(Record(id="", segment="", kind="act", at=utc_now(), service="x"))]
    before = (await Copy.of(trail)).records_
    await trail.end(begun[0], End(at=utc_now(), status=200))
    await carry_out(trail, 1)
    after = (await Copy.of(trail)).records_
    torn = [*before, *after[2:]]

    assert has_gaps(torn)
    assert not has_gaps(until(after, 5))
    assert not has_gaps(until(after, 2))
    assert until(after, 2) == before


async def test_a_file_that_is_no_trail_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text('{"segment": 1}\n')
    with pytest.raises(Unreadable, match="line 1"):
        await FileSource(tmp_path / "x").segments()
