"""What stations have sent about a transaction, kept so that the order of arrival makes no difference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial
from operator import gt, lt
from typing import Any, TypedDict, TypeVar, cast

from pydantic import Field

from libs.csms.clock import Time, parse_time, rfc3339
from libs.csms.ranges import union
from libs.csms.storage.store import Document, JsonDecimal

from .register import RegisterHistory, merge_histories
from .seq_nos import merge_digests
from .warnings import MAX_SALVAGED, UNREADABLE_TIME

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
    messagesInQueue: int
    """0 or 1: whether the station has more messages, as it answered GetTransactionStatus at that moment."""
    ongoing: int | None
    """0 or 1: whether the transaction goes on, as the station answered at that moment."""
    connectorAvailable: int
    """1: the connector has become Available at that moment, and was it some minutes later."""


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


class OperatorEnd(Document):
    """An operator has ended a transaction whose end the station has not reported."""

    requested_at: Time = Field(description="When the operator did so.")
    ended_at: Time = Field(description="The end that the operator has chosen.")
    meter_stop_wh: JsonDecimal | None = Field(
        default=None,
        description="The energy register at the end that the operator has chosen, in Wh. Without one, the "
        "highest reading of the station counts.",
    )
    reason: str = Field(default="Other", description="The operator's reason for the end.")


class Evidence(Document):
    """``merge`` is commutative, associative and idempotent: the messages of a transaction make the same
    evidence in any order, however often each of them comes.
    """

    first: dict[str, Statement] = Field(
        default={}, description="The earliest statement of each of ``Facts``, by its name."
    )
    last: dict[str, Statement] = Field(
        default={},
        description="The latest statement of message, chargingState, messagesInQueue, ongoing and "
        "connectorAvailable, by that name.",
    )
    first_readings: dict[str, Reading] = Field(
        default={}, description="The earliest readings in Wh: register, positive, begin and meterStart."
    )
    last_readings: dict[str, Reading] = Field(
        default={}, description="The latest readings in Wh: register, end and meterStop."
    )
    highest_reading: Reading | None = Field(
        default=None, description="The highest energy register in Wh, with the earliest moment of it."
    )
    register_history: RegisterHistory | None = Field(
        default=None, description="The energy register over time, see ``register``."
    )
    units: list[str] = Field(
        default=[], description="The units of the energy register in sampled values, in lower case, sorted."
    )
    received: list[int] = Field(
        default=[], description="seqNo of TransactionEvent as ranges: first and last in turn."
    )
    event_digests: str = Field(
        default="", description="A digest of the event of each seqNo, see ``seq_nos``."
    )
    warnings: list[str] = Field(default=[], description="What looked wrong in one message, sorted.")
    salvaged: list[str] = Field(
        default=[],
        description="What was refused of it and counts all the same, sorted: "
        f"the first {MAX_SALVAGED} in this order.",
    )
    operator_end: OperatorEnd | None = Field(
        default=None, description="That the operator has ended it: the first time."
    )

    def merge(self, other: Evidence) -> Evidence:
        """This very object where ``other`` adds nothing."""
        new, known, added = {}, self.__dict__, other.__dict__
        for name, merge in _MERGES.items():
            if theirs := added[name]:
                ours = known[name]
                merged = merge(ours, theirs)
                if merged is not ours:
                    new[name] = merged
        return self.copied(new) if new else self


def statements(moment: str, facts: Facts) -> dict[str, Statement]:
    """One statement for each fact that is there."""
    values = cast("Mapping[str, Value | None]", facts)
    return {name: (moment, value) for name, value in values.items() if value is not None}


def _merge(
    precedes: Callable[[Any, Any], bool], ours: dict[str, Timed], theirs: dict[str, Timed]
) -> dict[str, Timed]:
    """Of each name the one that precedes the other. ``ours`` itself where nothing of ``theirs`` does."""
    new = {}
    for name, one in theirs.items():
        known = ours.get(name)
        if known is None or precedes(one, known):
            new[name] = one
    return {**ours, **new} if new else ours


def _higher(ours: Reading | None, theirs: Reading) -> Reading:
    """Of equal readings the earlier."""
    if ours is None:
        return theirs
    return theirs if theirs[1] > ours[1] or (theirs[1] == ours[1] and theirs[0] < ours[0]) else ours


def _first_end(ours: OperatorEnd | None, theirs: OperatorEnd) -> OperatorEnd:
    if ours is None:
        return theirs
    return min(ours, theirs, key=lambda end: (end.requested_at, end.model_dump_json()))


def _merge_sorted(ours: list[str], theirs: list[str]) -> list[str]:
    return ours if theirs == ours or set(theirs).issubset(ours) else sorted({*ours, *theirs})


def _merge_salvaged(ours: list[str], theirs: list[str]) -> list[str]:
    """The first ``MAX_SALVAGED`` in their order."""
    merged = _merge_sorted(ours, theirs)[:MAX_SALVAGED]
    return ours if merged == ours else merged


_MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "first": partial(_merge, lt),
    "last": partial(_merge, gt),
    "first_readings": partial(_merge, lt),
    "last_readings": partial(_merge, gt),
    "highest_reading": _higher,
    "register_history": merge_histories,
    "units": _merge_sorted,
    "received": union,
    "event_digests": merge_digests,
    "warnings": _merge_sorted,
    "salvaged": _merge_salvaged,
    "operator_end": _first_end,
}
"""By field of ``Evidence``. The second argument is never empty. The first itself is returned where the second
adds nothing.
"""
