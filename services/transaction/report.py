"""What one message says of one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from libs.csms.storage.queries import composite_id

from .energy import Readings
from .evidence import Evidence, Value, said


class Report(NamedTuple):
    """What one message says of one transaction. ``id`` is that of the document."""

    id: str
    station_id: str
    transaction_id: str
    evidence: Evidence


def report(
    station_id: str,
    transaction_id: str,
    at: str,
    readings: Readings,
    first: dict[str, Value | None],
    *,
    until: str = "",
    charging_state: str | None = None,
    received: Sequence[int] = (),
) -> Report:
    """What a message says ``at`` a moment, or from then ``until``. The earliest ``first`` is believed."""
    evidence = Evidence(
        first=said(at, {"seen": 1, **first}),
        last=said(until or at, {"seen": 1, "chargingState": charging_state}),
        first_readings=readings.first,
        last_readings=readings.last,
        received=[number for one in received for number in (one, one)],
        notes=sorted(readings.notes),
    )
    return Report(document_id(station_id, transaction_id), station_id, transaction_id, evidence)


@lru_cache(maxsize=10_000)
def document_id(station_id: str, transaction_id: str) -> str:
    return composite_id(station_id, transaction_id)
