"""A report that a station sends in several messages: which of them have come, in whatever order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Literal, NamedTuple

from ..clock import Time
from ..storage.store import Document

PATIENCE = timedelta(minutes=5)
"""Between two parts. Later ones under the same number are another report."""

MAX_RANGES = 1_000
MAX_MISSING = 100

Status = Literal["complete", "receiving", "incomplete"]


class Part(NamedTuple):
    """``key`` is the id of the report. Not every message of OCPP numbers its parts."""

    key: str
    station_id: str
    action: str
    request_id: int
    seq_no: int | None
    is_last: bool
    received_at: datetime


class ReportView(Document):
    """``missing_seq_nos`` names a hundred at most; a report without numbers cannot know them."""

    station_id: str
    action: str
    request_id: int
    status: Status
    started_at: Time
    last_part_at: Time
    missing_seq_nos: list[int] = []


class Report(Document):
    """``received`` are ranges of numbers from 0 on, first and last in turn."""

    station_id: str
    action: str
    request_id: int
    started_at: Time
    last_part_at: Time
    last_seq_no: int | None = None
    ended: bool = False
    received: list[int] = []

    @classmethod
    def of(cls, part: Part) -> Report:
        return cls(
            station_id=part.station_id,
            action=part.action,
            request_id=part.request_id,
            started_at=part.received_at,
            last_part_at=part.received_at,
            last_seq_no=part.seq_no if part.is_last else None,
            ended=part.is_last,
            received=[] if part.seq_no is None or part.seq_no < 0 else [part.seq_no, part.seq_no],
        )

    def told(self, part: Part) -> Report:
        """A part of an older report with the same number changes nothing, one of a newer begins it."""
        other = Report.of(part)
        if part.received_at > self.last_part_at + PATIENCE:
            return other
        if part.received_at < self.started_at - PATIENCE:
            return self
        told = self.changed(
            started_at=min(self.started_at, other.started_at),
            last_part_at=max(self.last_part_at, other.last_part_at),
            last_seq_no=self.last_seq_no if other.last_seq_no is None else other.last_seq_no,
            ended=self.ended or other.ended,
            received=_union(self.received, other.received),
        )
        return self if told == self else told

    @property
    def missing(self) -> list[int]:
        ends = [-1, *self.received[1::2]]
        starts = [*self.received[::2], (self.last_seq_no or 0) + 1]
        gaps = (range(end + 1, start) for end, start in zip(ends, starts, strict=True))
        return list(islice(chain.from_iterable(gaps), MAX_MISSING)) if self.received else []

    def shown(self, now: datetime) -> ReportView:
        waiting = not self.ended or self.missing
        late = now - self.last_part_at > PATIENCE
        return ReportView(
            **self.model_dump(include={"station_id", "action", "request_id", "started_at", "last_part_at"}),
            status="complete" if not waiting else "incomplete" if late else "receiving",
            missing_seq_nos=self.missing,
        )


def _union(ours: Sequence[int], theirs: Sequence[int]) -> list[int]:
    merged: list[int] = []
    pairs = [*zip(ours[::2], ours[1::2], strict=True), *zip(theirs[::2], theirs[1::2], strict=True)]
    for first, last in sorted(pairs):
        if merged and first <= merged[-1] + 1:
            merged[-1] = max(merged[-1], last)
        else:
            merged += first, last
    return merged if len(merged) <= 2 * MAX_RANGES else list(ours)
