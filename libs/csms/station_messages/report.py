"""A report that a station sends in several messages: which of them have come, in whatever order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from pydantic import Field

from ..clock import Time
from ..ranges import missing, union
from ..storage.store import Document

MAX_PAUSE = timedelta(minutes=5)
"""Between two parts of a report. What comes later under the same number is another report."""

Status = Literal["complete", "receiving", "incomplete"]


class ReportPart(NamedTuple):
    """One message of a report."""

    key: str
    """The id of the report that it belongs to."""
    station_id: str
    action: str
    request_id: int
    seq_no: int | None
    """From 0 on. None where the message has no ``seqNo``: not every report of OCPP numbers its parts."""
    is_last: bool
    """Whether the message says that nothing follows: ``tbc`` is false or absent."""
    received_at: datetime


class ReportView(Document):
    station_id: str = Field(description="Id of the charging station.")
    action: str = Field(description="Of the messages that it consists of, such as NotifyReport.")
    request_id: int = Field(description="Number of the request that the station answers by it.")
    status: Status = Field(
        description="complete; receiving; or incomplete, when nothing has come for five minutes."
    )
    started_at: Time = Field(description="When the gateway received its first part.")
    last_part_at: Time = Field(description="When the gateway received its latest part.")
    missing_seq_nos: list[int] = Field(
        [],
        description="Numbers (`seqNo`) of the parts that have not come, at most 100.",
    )


class MultipartReport(Document):
    """What is known of a report. Its parts themselves are station messages."""

    station_id: str = Field(description="Id of the charging station.")
    action: str = Field(description="Of the messages that it consists of.")
    request_id: int = Field(description="Number of the request that the station answers by it.")
    started_at: Time = Field(description="When the gateway received its first part.")
    last_part_at: Time = Field(description="When the gateway received its latest part.")
    last_seq_no: int | None = Field(None, description="Number of the last part; absent until it has come.")
    ended: bool = Field(False, description="Whether the last part has come.")
    received: list[int] = Field([], description="Numbers of the parts that have come, as ranges.")

    @classmethod
    def of(cls, part: ReportPart) -> MultipartReport:
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

    def merge(self, part: ReportPart) -> MultipartReport:
        """A part of an older report with the same number changes nothing, one of a newer begins it."""
        other = MultipartReport.of(part)
        if part.received_at > self.last_part_at + MAX_PAUSE:
            return other
        if part.received_at < self.started_at - MAX_PAUSE:
            return self
        return self.changed(
            started_at=min(self.started_at, other.started_at),
            last_part_at=max(self.last_part_at, other.last_part_at),
            last_seq_no=self.last_seq_no if other.last_seq_no is None else other.last_seq_no,
            ended=self.ended or other.ended,
            received=union(self.received, other.received),
        )

    @property
    def missing(self) -> list[int]:
        """Of the numbers from 0 to the last one, as far as they are known."""
        end = (self.last_seq_no or 0) + 1
        return missing([-1, -1, *self.received, end, end]) if self.received else []

    def shown(self, now: datetime) -> ReportView:
        waiting = not self.ended or self.missing
        late = now - self.last_part_at > MAX_PAUSE
        return ReportView(
            **self.model_dump(include={"station_id", "action", "request_id", "started_at", "last_part_at"}),
            status="complete" if not waiting else "incomplete" if late else "receiving",
            missing_seq_nos=self.missing,
        )
