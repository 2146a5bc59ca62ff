"""The audit trail of a process: opens segments, signs how far they go, and thins out refusals."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple, Self

from ..clock import Clock
from ..limits import Seconds, TokenBuckets, network_of
from ..settings import Settings
from ..storage.store import Collection, Query, Store
from .key import AuditKey
from .model import (
    LOGGED_HEAD,
    OPENING,
    RECORD_INDEXES,
    SEGMENT_INDEXES,
    End,
    Record,
    Segment,
    SegmentHead,
    outcome_of,
)
from .segment import MAX_BATCH, WRITE_TIMEOUT, NotRecorded, OpenSegment

log = logging.getLogger(__name__)

HEAD_INTERVAL = 1.0
"""Seconds. A head is signed so long after a record, or when there are ``MAX_BATCH`` more."""

MAX_LINKS = 10_000
"""After which a segment takes no new acts: whoever verifies a segment has all of it in memory."""

NAMED_HEADS = 20
"""Of the segments before, in an opening."""

REFUSALS_PER_MINUTE = 10
"""That have a record, of one status to one address."""

REFUSALS_IN_ALL = 600
"""That have a record, in a minute."""

MAX_COUNTERS = 10_000
"""Of refusals without a record."""


class Trail:
    """Every process has one, which alone writes its segments. A segment begins with the first record."""

    def __init__(
        self,
        service: str,
        records: Collection[Record],
        segments: Collection[Segment],
        key: AuditKey,
        clock: Clock,
    ) -> None:
        self.service = service
        self.records = records
        self.segments = segments
        self.key = key
        self.clock = clock
        self.refusals = Refusals()
        self._current: OpenSegment | None = None
        self._open: list[OpenSegment] = []
        self._opening = asyncio.Lock()
        self._unwatched: set[asyncio.Task[None]] = set()
        self._written = asyncio.Event()
        self._many_written = asyncio.Event()
        self._is_closed = False

    @classmethod
    def of(cls, service: str, store: Store, clock: Clock, settings: Settings) -> Self:
        """``service`` is the name of the process. Raises ``BadSetting``."""
        records = store.collection("audit", Record, RECORD_INDEXES)
        segments = store.collection("auditSegments", Segment, SEGMENT_INDEXES)
        return cls(service, records, segments, AuditKey.of(settings), clock)

    async def begin(self, act: Record) -> Record:
        """Write down an act before it happens. Raises ``NotRecorded``."""
        segment = await self._segment()
        segment.acts += 1
        try:
            return await segment.add(act.changed(segment=segment.id))
        except BaseException:
            segment.acts -= 1
            raise

    async def end(self, act: Record, end: End) -> None:
        """Write down what became of it. Where that cannot be written, it stays unknown."""
        segment = next((one for one in self._open if one.id == act.segment), None)
        try:
            if segment is None:
                raise NotRecorded
            await segment.end(act, end)
        except NotRecorded:
            log.error(
                "audit record %s: status %d of %s was not written", act.id, end.status, act.action or "it"
            )
        finally:
            if segment is not None:
                segment.acts -= 1
                self._count_written()

    async def add(self, record: Record) -> Record:
        """Write down what has no end of its own. Raises ``NotRecorded``."""
        segment = await self._segment()
        return await segment.add(record.changed(segment=segment.id))

    def refused(self, status: int, address: str, draft: Callable[[], Record]) -> None:
        """Write down a refusal soon, unless there are too many; nobody waits for it."""
        key = status, network_of(address)
        left_out = self.refusals.counted(key)
        if left_out is not None:
            record = draft().changed(
                kind="refusal",
                status=status,
                outcome=outcome_of(status),
                left_out=left_out.alike or None,
                left_out_elsewhere=left_out.others or None,
            )
            writing = asyncio.get_running_loop().create_task(self._add_refusal(record, key, left_out))
            self._unwatched.add(writing)
            writing.add_done_callback(self._unwatched.discard)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Heads are signed while the block runs, and for the last time when it ends."""
        signing = asyncio.create_task(self._keep_signing())
        try:
            yield
        finally:
            signing.cancel()
            await asyncio.wait([signing])
            await self.close()

    async def close(self) -> None:
        """Nothing is recorded any more."""
        if self._unwatched:
            await asyncio.wait(self._unwatched)
        self._is_closed = True
        for segment in self._open:
            await segment.idle()
            with suppress(NotRecorded):
                await self._sign(segment, closed=True)
        self._open.clear()
        self._current = None

    async def sign_heads(self) -> None:
        """How far each segment goes now; the last one of those that are complete."""
        for segment in list(self._open):
            is_complete = segment.acts == 0 and (segment.is_broken or segment is not self._current)
            if is_complete:
                await segment.idle()
            elif segment.head is not None and segment.head.number == segment.number:
                continue
            with suppress(NotRecorded):
                await self._sign(segment, closed=is_complete)
                if is_complete:
                    self._open.remove(segment)

    async def _add_refusal(self, record: Record, key: RefusalKey, left_out: LeftOut) -> None:
        try:
            await self.add(record)
        except NotRecorded:
            self.refusals.leave_out(key, left_out.alike + 1, left_out.others)

    async def _segment(self) -> OpenSegment:
        """The one that takes new records. Raises ``NotRecorded``."""
        if self._is_closed:
            raise NotRecorded
        current = self._current
        if current is not None and not current.is_broken and current.number < MAX_LINKS:
            return current
        async with self._opening:
            if self._current is current:
                self._current = await self._opened()
                self._written.set()
            assert self._current is not None
            return self._current

    async def _opened(self) -> OpenSegment:
        """A new segment, which begins by naming the heads of those before. Raises ``NotRecorded``."""
        now = self.clock()
        id = f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
        known = Segment(id=id, service=self.service, started_at=now, key_id=self.key.public.id)
        segment = OpenSegment(id, self.records, self.key, self._count_written)
        try:
            async with asyncio.timeout(WRITE_TIMEOUT):
                query = Query(order_by="startedAt", descending=True, page_size=NAMED_HEADS)
                before = await self.segments.find(query)
                await self.segments.put(id, known)
        except Exception as error:
            log.error("the audit trail cannot be opened", exc_info=error)
            raise NotRecorded from error
        heads = tuple(one.head for one in before.items if one.head is not None)
        await segment.add(
            Record(
                id="",
                segment=id,
                kind="opening",
                action=OPENING,
                at=now,
                service=self.service,
                heads=heads,
                outcome="succeeded",
            )
        )
        self._open.append(segment)
        return segment

    def _count_written(self) -> None:
        self._written.set()
        if any(one.number - (one.head.number if one.head else 0) >= MAX_BATCH for one in self._open):
            self._many_written.set()

    async def _keep_signing(self) -> None:
        while True:
            await self._written.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(HEAD_INTERVAL):
                    await self._many_written.wait()
            self._written.clear()
            self._many_written.clear()
            await self.sign_heads()

    async def _sign(self, segment: OpenSegment, closed: bool) -> None:
        """Raises ``NotRecorded``. What the log has is enough to find what is missing in the store."""
        head = self.key.signed(
            SegmentHead(
                segment=segment.id,
                number=segment.number,
                hash=segment.hash,
                at=self.clock(),
                closed=closed,
                key_id="",
            )
        )
        log.info("%s%s", LOGGED_HEAD, head.model_dump_json(by_alias=True))
        known = Segment(id=segment.id, service=self.service, started_at=head.at, key_id=head.key_id)
        try:
            async with asyncio.timeout(WRITE_TIMEOUT):
                await self.segments.update(segment.id, lambda one: (one or known).changed(head=head))
        except Exception as error:
            log.error("segment %s of the audit trail: its head was not written", segment.id, exc_info=error)
            self._written.set()
            raise NotRecorded from error
        segment.head = head


RefusalKey = tuple[int, str]
"""HTTP status and network."""


class LeftOut(NamedTuple):
    """Refusals without a record since the last that has one."""

    alike: int
    """Of the same key."""
    others: int
    """Of other keys, whose counters had no room."""


class Refusals:
    """Which refusals have a record, and how many have none. Its memory is bounded."""

    def __init__(self, clock: Seconds = time.monotonic) -> None:
        self._each = TokenBuckets(REFUSALS_PER_MINUTE / 60, REFUSALS_PER_MINUTE, clock=clock)
        self._all = TokenBuckets(REFUSALS_IN_ALL / 60, REFUSALS_IN_ALL, clock=clock)
        self._left_out: OrderedDict[RefusalKey, int] = OrderedDict()
        self._others = 0

    def counted(self, key: RefusalKey) -> LeftOut | None:
        """What was left out before it; None if it is left out too."""
        if self._each.take(key) or self._all.take("all"):
            self.leave_out(key, 1)
            return None
        others, self._others = self._others, 0
        return LeftOut(self._left_out.pop(key, 0), others)

    def leave_out(self, key: RefusalKey, alike: int, others: int = 0) -> None:
        self._left_out[key] = self._left_out.get(key, 0) + alike
        self._others += others
        if len(self._left_out) > MAX_COUNTERS:
            self._others += self._left_out.popitem(last=False)[1]

    def __len__(self) -> int:
        return len(self._left_out)
