"""Meter values as they are kept: one document for each time of measuring, in the words of OCPP 2.0.1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from libs.csms.clock import Time
from libs.csms.storage.store import Document, Json, JsonDecimal
from libs.ocpp_messages.action import encode

from .evidence import moment
from .samples import REGISTER, Measured, Sampled


class MeterValues(Document):
    """What was measured at one place and time: in a transaction, whose place it is, or at a place of its own.

    ``sampled_value`` is JSON text as on the wire: no digit of a number is lost, and a store that indexes
    every field by itself finds one there, not fifty.
    """

    station_id: str
    transaction: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    timestamp: Time
    sampled_value: str


class Place(NamedTuple):
    """Where something was measured: an EVSE in 2.x, a connector in 1.6. 0 is the station's main meter."""

    station_id: str
    evse_id: int | None = None
    connector_id: int | None = None


Documents = dict[str, MeterValues]
"""By ids that are the same whenever the same comes again, be it in another message."""


def in_transaction(transaction: str, station_id: str, measured: Iterable[Measured]) -> Documents:
    return dict(_documents(transaction, station_id, measured, transaction=transaction))


def at_place(place: Place, measured: Iterable[Measured]) -> Documents:
    """Of no transaction."""
    owner = f"{place.station_id}/{place.evse_id}/{place.connector_id}"
    where = {"evse_id": place.evse_id, "connector_id": place.connector_id}
    return dict(_documents(owner, place.station_id, measured, **where))


def _documents(
    owner: str, station_id: str, measured: Iterable[Measured], **where: Any
) -> Iterator[tuple[str, MeterValues]]:
    for one in measured:
        if one.samples:
            text = encode(one.samples)
            digest = blake2b(text, digest_size=9).hexdigest()
            yield (
                f"{owner}@{moment(one.at)}{digest}",
                MeterValues(station_id=station_id, timestamp=one.at, sampled_value=text.decode(), **where),
            )


class MeterValue(Document):
    """One sampled value by itself. ``raw`` is what OCPP 1.6 sent where a number was due."""

    timestamp: Time
    evse_id: int | None = None
    connector_id: int | None = None
    measurand: str = REGISTER
    value: JsonDecimal | None = None
    unit: str | None = None
    multiplier: int | None = None
    context: str = "Sample.Periodic"
    phase: str | None = None
    location: str = "Outlet"
    signed_meter_value: Json | None = None
    raw: str | None = None


def shown(measured: MeterValues, place: Place) -> list[MeterValue]:
    """Its samples, with the measurand, unit, context and location that OCPP means where none is named.

    Stations name the place of a transaction once, so ``place`` stands in where the meter values have none.
    """
    where: Json = {"timestamp": measured.timestamp, "evse_id": measured.evse_id}
    where["connector_id"] = measured.connector_id
    if measured.evse_id is None and measured.connector_id is None:
        where |= {"evse_id": place.evse_id, "connector_id": place.connector_id}
    samples = _decoder.decode(measured.sampled_value)
    return [MeterValue(**where, **_named(sample)) for sample in samples]


_decoder = msgspec.json.Decoder(list[Sampled])


def _named(sample: Sampled) -> Json:
    named: Json = msgspec.to_builtins(sample)
    default = {"unit": "Wh"} if "Energy" in (sample.measurand or REGISTER) else {}
    return {**named, **default, **named.get("unitOfMeasure", {})}
