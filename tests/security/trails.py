"""Audit trails to tamper with: in a store of their own, or in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import groupby

from libs.csms.audit.key import by_id
from libs.csms.audit.model import End, Record, Segment
from libs.csms.audit.trail import Trail
from libs.csms.audit.verify import Broken, verify
from libs.csms.clock import utc_now
from libs.csms.settings import load
from libs.csms.storage.queries import every
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.storage.store import Query


@dataclass
class Copy:
    """A trail in memory."""

    segments_: list[Segment]
    records_: list[Record]
    trusted: Trail = field(repr=False)

    @classmethod
    async def of(cls, trail: Trail) -> Copy:
        segments = [one async for one in every(trail.segments, Query())]
        return cls(segments, [one async for one in every(trail.records, Query())], trail)

    async def segments(self) -> list[Segment]:
        return self.segments_

    async def openings(self) -> list[Record]:
        return [one for one in self.records_ if one.kind == "opening"]

    async def records(self) -> AsyncIterator[list[Record]]:
        for _, group in groupby(self.records_, lambda record: record.segment):
            yield list(group)

    async def broken(self) -> list[Broken]:
        return (await verify(self, by_id([self.trusted.key.public]))).broken


def trail_of(store: SqliteStore, service: str = "csms") -> Trail:
    return Trail.of(service, store, utc_now, load())


def act(number: int, **fields: str) -> Record:
    caller = {"caller_id": f"key{number}", "caller_kind": "key", "action": "POST /keys"} | fields
    return Record(id="", segment="", kind="act", at=utc_now(), service="User service", **caller)


async def carry_out(trail: Trail, number: int, status: int | None = 200) -> Record:
    """An act; without a status, one that never ends."""
    begun = await trail.begin(act(number))
    if status is not None:
        await trail.end(begun, End(at=utc_now(), status=status))
    return begun
