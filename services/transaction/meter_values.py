"""Meter values as they are stored: one document for each time of measuring, in the words of OCPP 2.0.1."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec
from pydantic import Field

from libs.csms.clock import Time
from libs.csms.storage.store import Document, Json, JsonDecimal
from libs.ocpp_messages.action import encode

from .evidence import moment
from .samples import REGISTER, Measurement, SampledValue


class MeterValues(Document):
    """What was measured at one place and time."""

    station_id: str = Field(description="The charging station that measured it.")
    transaction: str | None = Field(
        default=None, description="The id of the transaction document; without one, the place is given."
    )
    evse_id: int | None = Field(default=None, description="evseId of MeterValues in OCPP 2.x.")
    connector_id: int | None = Field(default=None, description="connectorId of MeterValues in OCPP 1.6.")
    timestamp: Time = Field(description="The station's time of measuring: timestamp of MeterValueType.")
    # As text, no digit of a number is lost, and a store that indexes every field has one here, not fifty.
    sampled_value: str = Field(description="A list of SampledValueType of OCPP 2.0.1, as JSON text.")
    repairs: list[str] | None = Field(
        default=None,
        description="The rules of leniency that the message was read with; none if it kept to its schema.",
    )

    def merge(self, other: MeterValues) -> MeterValues:
        """The same that came again: in good form it needs no repairs, else it has those of both."""
        if self.repairs is None or other.repairs is None:
            return self.changed(repairs=None)
        return self.changed(repairs=sorted({*self.repairs, *other.repairs}))


class Place(NamedTuple):
    """Where something was measured: an EVSE in 2.x, a connector in 1.6. 0 is the station's main meter."""

    station_id: str
    evse_id: int | None = None
    connector_id: int | None = None


Documents = dict[str, MeterValues]
"""By ids that are the same whenever the same comes again, also in another message."""


def in_transaction(
    transaction: str, station_id: str, measurements: Iterable[Measurement], repairs: list[str]
) -> Documents:
    return _documents(transaction, station_id, measurements, transaction=transaction, repairs=repairs or None)


def at_place(place: Place, measurements: Iterable[Measurement], repairs: list[str]) -> Documents:
    """Of no transaction."""
    owner = f"{place.station_id}/{place.evse_id}/{place.connector_id}"
    where = {"evse_id": place.evse_id, "connector_id": place.connector_id, "repairs": repairs or None}
    return _documents(owner, place.station_id, measurements, **where)


def _documents(owner: str, station_id: str, measurements: Iterable[Measurement], **where: Any) -> Documents:
    documents = {}
    for one in measurements:
        if one.samples:
            text = encode(one.samples)
            digest = blake2b(text, digest_size=9).hexdigest()
            documents[f"{owner}@{moment(one.at)}{digest}"] = MeterValues(
                station_id=station_id, timestamp=one.at, sampled_value=text.decode(), **where
            )
    return documents


class MeterValue(Document):
    """One sampled value by itself, in the words of OCPP 2.0.1."""

    timestamp: Time = Field(description="The station's time of measuring.")
    evse_id: int | None = Field(default=None, description="evse.id of OCPP 2.x; 0 is the main meter.")
    connector_id: int | None = Field(
        default=None, description="evse.connectorId of OCPP 2.x, connectorId of 1.6; 0 is the main meter."
    )
    measurand: str = Field(default=REGISTER, description="MeasurandEnumType: what was measured.")
    value: JsonDecimal | None = Field(
        default=None, description="The value in `unit`, times ten to the power of `multiplier`."
    )
    unit: str | None = Field(
        default=None, description="unitOfMeasure.unit. Wh where the station named none for an energy."
    )
    multiplier: int | None = Field(
        default=None, description="unitOfMeasure.multiplier: a power of ten, 0 where there is none."
    )
    context: str = Field(
        default="Sample.Periodic", description="ReadingContextEnumType: what the value was taken for."
    )
    phase: str | None = Field(
        default=None, description="PhaseEnumType; without one, it is of all phases together."
    )
    location: str = Field(default="Outlet", description="LocationEnumType: where in the station.")
    signed_meter_value: Json | None = Field(
        default=None, description="SignedMeterValueType; in OCPP 1.6 the value with format SignedData."
    )
    repairs: list[str] | None = Field(
        default=None, description="The rules of leniency that its message was read with."
    )
    raw: str | None = Field(
        default=None, description="What a station of OCPP 1.6 sent as the value, where that is no number."
    )


def samples_of(stored: MeterValues, place: Place) -> list[MeterValue]:
    """Its samples, with the measurand, unit, context and location that OCPP means where none is named.

    Stations name the place of a transaction once, so ``place`` stands in where the meter values have none.
    """
    where: Json = {"timestamp": stored.timestamp, "evse_id": stored.evse_id, "repairs": stored.repairs}
    where["connector_id"] = stored.connector_id
    if stored.evse_id is None and stored.connector_id is None:
        where |= {"evse_id": place.evse_id, "connector_id": place.connector_id}
    samples = _decoder.decode(stored.sampled_value)
    return [MeterValue(**where, **_fields(sample)) for sample in samples]


_decoder = msgspec.json.Decoder(list[SampledValue])


def _fields(sample: SampledValue) -> Json:
    fields: Json = msgspec.to_builtins(sample)
    default = {"unit": "Wh"} if "Energy" in (sample.measurand or REGISTER) else {}
    return {**fields, **default, **fields.get("unitOfMeasure", {})}
