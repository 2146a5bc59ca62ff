"""What stations have said about a transaction, kept so that the order of arrival makes no difference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from libs.csms.clock import parse_time, rfc3339
from libs.csms.ranges import union
from libs.csms.storage.store import Document

UNREADABLE_TIME = "unreadable time"

Value = str | int
Statement = tuple[str, Value]
"""The moment of saying, and what was said. Between statements of one moment, the value decides."""

Reading = tuple[str, Decimal]
"""A moment, and the energy register then, in Wh."""

Said = TypeVar("Said", Statement, Reading)


@lru_cache(maxsize=1024)
def moment(at: datetime, seq_no: int = 0) -> str:
    """Sorts by time, then by sequence number."""
    return f"{rfc3339(at)}#{seq_no:010}"


def read_time(text: str, otherwise: datetime) -> tuple[datetime, str | None]:
    """The time, or the one to use instead and a note, since a message is not lost for its time alone."""
    try:
        return _parsed(text), None
    except (ValueError, OverflowError):
        return otherwise, UNREADABLE_TIME


def time_of(moment: str) -> datetime:
    return datetime.fromisoformat(moment.partition("#")[0])


_parsed = lru_cache(maxsize=1024)(parse_time)


class Evidence(Document):
    """``joined`` is commutative, associative and idempotent: the messages of a transaction make the same
    evidence in any order, however often each of them comes.

    ``received`` has the sequence numbers as ranges, from and to in turn; ``notes`` what looked wrong, sorted.
    """

    first: dict[str, Statement] = {}
    last: dict[str, Statement] = {}
    first_readings: dict[str, Reading] = {}
    last_readings: dict[str, Reading] = {}
    received: list[int] = []
    notes: list[str] = []

    def joined(self, other: Evidence) -> Evidence:
        """This very object where ``other`` says nothing new."""
        parts: dict[str, Any] = {
            "first": _joined(min, self.first, other.first),
            "last": _joined(max, self.last, other.last),
            "first_readings": _joined(min, self.first_readings, other.first_readings),
            "last_readings": _joined(max, self.last_readings, other.last_readings),
            "received": union(self.received, other.received),
            "notes": _noted(self.notes, other.notes),
        }
        ours = self.__dict__
        new = {name: part for name, part in parts.items() if part is not ours[name]}
        return self.model_copy(update=new) if new else self


def said(moment: str, values: Mapping[str, Value | None]) -> dict[str, Statement]:
    """One statement for each value that is there."""
    return {name: (moment, value) for name, value in values.items() if value is not None}


def _joined(
    choose: Callable[[Said, Said], Said], ours: dict[str, Said], theirs: dict[str, Said]
) -> dict[str, Said]:
    """``ours`` itself where nothing of ``theirs`` is chosen."""
    new = {}
    for name, one in theirs.items():
        known = ours.get(name)
        if known is None or choose(known, one) != known:
            new[name] = one
    return {**ours, **new} if new else ours


def _noted(ours: list[str], theirs: list[str]) -> list[str]:
    """``ours`` itself where it has all of ``theirs``."""
    return ours if set(theirs) <= set(ours) else sorted({*ours, *theirs})
