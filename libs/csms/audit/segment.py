"""One segment of the trail while it is written: its records, one after the other, several in one write."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import Unavailable
from ..storage.store import Collection
from .key import AuditKey
from .model import End, Link, Record, SegmentHead, genesis, record_id

log = logging.getLogger(__name__)

MAX_BATCH = 100
"""Records of one write."""

MAX_WAITING = 1_000
"""Records that wait to be written. A request that would be one more is refused."""

WRITE_TIMEOUT = 10.0
"""Seconds."""


class NotRecorded(Unavailable):
    """The audit trail cannot be written, so what would have been recorded does not happen."""

    def __init__(self) -> None:
        super().__init__(
            "the audit trail cannot be written now, so nothing was done: try again", retry_after=1
        )


@dataclass(frozen=True)
class _Waiting:
    record: Record
    """As it is stored, but for the new link."""
    written: asyncio.Future[Record]

    def linked(self, number: int, previous: str, key: AuditKey) -> tuple[Record, Link]:
        record = self.record
        if record.end is None:
            record = record.changed(id=record_id(record.segment, number))
            hash = record.digest(number, previous)
            link = Link(number=number, hash=hash, signature=key.sign_hash(hash))
            return record.changed(link=link), link
        hash = record.end_digest(number, previous)
        link = Link(number=number, hash=hash, signature=key.sign_hash(hash))
        return record.changed(end=record.end.changed(link=link)), link


class OpenSegment:
    """Records become durable in the order of their numbers. After a write that failed nothing is added:
    nobody knows what of it the store has.
    """

    def __init__(
        self, id: str, documents: Collection[Record], key: AuditKey, written: Callable[[], None]
    ) -> None:
        """``written`` is called after every write, also one that failed."""
        self.id = id
        self.number, self.hash = 0, genesis(id)
        """Of the last link that is durable."""
        self.is_broken = False
        self.head: SegmentHead | None = None
        """The newest that was signed."""
        self.acts = 0
        """Those that have no end yet."""
        self._documents = documents
        self._key = key
        self._written = written
        self._waiting: deque[_Waiting] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def add(self, record: Record) -> Record:
        """As it is stored then. Raises ``NotRecorded``."""
        if self.is_broken or len(self._waiting) >= MAX_WAITING:
            raise NotRecorded
        waiting = _Waiting(record, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())
        return await waiting.written

    async def end(self, record: Record, end: End) -> Record:
        """Raises ``NotRecorded``."""
        return await self.add(record.ended(end))

    async def idle(self) -> None:
        """Returns when nothing waits to be written."""
        while self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write(self) -> None:
        try:
            while self._waiting and not self.is_broken:
                count = min(len(self._waiting), MAX_BATCH)
                await self._write_some([self._waiting.popleft() for _ in range(count)])
        finally:
            self._writing = None
            while self._waiting:
                _fail(self._waiting.popleft())

    async def _write_some(self, batch: list[_Waiting]) -> None:
        number, hash = self.number, self.hash
        records = []
        for waiting in batch:
            record, link = waiting.linked(number + 1, hash, self._key)
            number, hash = link.number, link.hash
            records.append(record)
        try:
            async with asyncio.timeout(WRITE_TIMEOUT):
                await self._documents.put_all({record.id: record for record in records})
        except Exception as error:
            self.is_broken = True
            log.error("%d records of the audit trail were not written", len(batch), exc_info=error)
            for waiting in batch:
                _fail(waiting)
            self._written()
            return
        self.number, self.hash = number, hash
        self._written()
        for waiting, record in zip(batch, records, strict=True):
            if not waiting.written.done():
                waiting.written.set_result(record)


def _fail(waiting: _Waiting) -> None:
    if not waiting.written.done():
        waiting.written.set_exception(NotRecorded())
