"""What stations have sent about a transaction, kept so that the order of arrival makes no difference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from operator import gt, lt
from typing import TypedDict, TypeVar, cast

from pydantic import Field

from libs.csms.clock import parse_time, rfc3339
from libs.csms.ranges import union
from libs.csms.storage.store import Document

UNREADABLE_TIME = "unreadable time"

Value = str | int
Statement = tuple[str, Value]
"""The moment of a message, and a fact from it. Of two statements of one moment, the value decides."""

Reading = tuple[str, Decimal]
"""A moment, and the energy register then, in Wh."""

Timed = TypeVar("Timed", Statement, Reading)


class Facts(TypedDict, total=False):
    """What one message says of a transaction. A fact that is None is as one that is not there.

    The names are those of the transaction document unless their docstrings say otherwise.
    """

    message: int
    """1: a message was sent at that moment, whatever it says."""
    ocppVersion: str
    evseId: int | None
    connectorId: int | None
    meterConnectorId: int
    """connectorId of a MeterValues of 1.6; it counts where no StartTransaction named one."""
    idToken: str | None
    idTokenType: str
    endIdToken: str | None
    """The token of the end of the transaction; it counts where no earlier message named one."""
    endIdTokenType: str
    startStatus: str
    """The status of the token in the answer to the start."""
    tokenStatus: str
    """The status of the token in the answer to a later message."""
    started: int
    """The sequence number of the start; 0 in OCPP 1.6, which has none."""
    ended: int
    """The sequence number of the end; 0 in OCPP 1.6, which has none."""
    stoppedReason: str
    remoteStartId: int | None
    reservationId: int | None
    offline: int | None
    """1: the station was offline when this happened."""
    chargingState: str | None


@lru_cache(maxsize=1024)
def moment(at: datetime, seq_no: int = 0) -> str:
    """Sorts by time, then by sequence number."""
    return f"{rfc3339(at)}#{seq_no:010}"


def read_time(text: str, otherwise: datetime) -> tuple[datetime, str | None]:
    """The time and None; or ``otherwise`` and a warning, since no message is lost for its time alone."""
    try:
        return _parsed(text), None
    except (ValueError, OverflowError):
        return otherwise, UNREADABLE_TIME


def time_of(moment: str) -> datetime:
    return datetime.fromisoformat(moment.partition("#")[0])


_parsed = lru_cache(maxsize=1024)(parse_time)


class Evidence(Document):
    """``merge`` is commutative, associative and idempotent: the messages of a transaction make the same
    evidence in any order, however often each of them comes.
    """

    first: dict[str, Statement] = Field(
        default={}, description="The earliest statement of each of ``Facts``, by its name."
    )
    last: dict[str, Statement] = Field(
        default={}, description="The latest statement of message and chargingState, by that name."
    )
    first_readings: dict[str, Reading] = Field(
        default={}, description="The earliest readings in Wh: register, positive, begin and meterStart."
    )
    last_readings: dict[str, Reading] = Field(
        default={}, description="The latest readings in Wh: register, end and meterStop."
    )
    received: list[int] = Field(
        default=[], description="seqNo of TransactionEvent as ranges: first and last in turn."
    )
    warnings: list[str] = Field(default=[], description="What looked wrong in one message, sorted.")

    def merge(self, other: Evidence) -> Evidence:
        """This very object where ``other`` adds nothing."""
        return self.changed(
            first=_merge(lt, self.first, other.first),
            last=_merge(gt, self.last, other.last),
            first_readings=_merge(lt, self.first_readings, other.first_readings),
            last_readings=_merge(gt, self.last_readings, other.last_readings),
            received=union(self.received, other.received),
            warnings=_merge_warnings(self.warnings, other.warnings),
        )


def statements(moment: str, facts: Facts) -> dict[str, Statement]:
    """One statement for each fact that is there."""
    values = cast("Mapping[str, Value | None]", facts)
    return {name: (moment, value) for name, value in values.items() if value is not None}


def _merge(
    precedes: Callable[[Timed, Timed], bool], ours: dict[str, Timed], theirs: dict[str, Timed]
) -> dict[str, Timed]:
    """Of each name the one that precedes the other. ``ours`` itself where nothing of ``theirs`` does."""
    new = {}
    for name, one in theirs.items():
        known = ours.get(name)
        if known is None or precedes(one, known):
            new[name] = one
    return {**ours, **new} if new else ours


def _merge_warnings(ours: list[str], theirs: list[str]) -> list[str]:
    """``ours`` itself where it has all of ``theirs``."""
    return ours if set(theirs).issubset(ours) else sorted({*ours, *theirs})
