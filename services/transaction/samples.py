"""Sampled values of every version in the words of OCPP 2.0.1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.mappings import unit_v2

from .evidence import read_time

REGISTER = "Energy.Active.Import.Register"
"""The measurand of a sampled value that names none."""


class SampledValue(ocpp2.Object, frozen=True):
    """SampledValueType of 2.0.1, but any field may be missing."""

    value: Decimal | None = None
    raw: str | None = None
    """The value of OCPP 1.6 where that is no number."""
    context: str | None = None
    measurand: str | None = None
    phase: str | None = None
    location: str | None = None
    signed_meter_value: ocpp2.SignedMeterValueType | None = None
    unit_of_measure: ocpp2.UnitOfMeasureType | None = None


Sample = SampledValue | ocpp2.SampledValueType


class Measurement(NamedTuple):
    """MeterValue of 1.6 or MeterValueType of 2.x: the samples of one time."""

    at: datetime
    warning: str | None
    """What is wrong with ``at``."""
    samples: Sequence[Sample]


def measurements_v16(meter_values: Iterable[ocpp16.MeterValue], otherwise: datetime) -> list[Measurement]:
    """``otherwise`` stands in for a time that nobody can read."""
    return [
        Measurement(
            *read_time(one.timestamp, otherwise), [_sample_v16(sample) for sample in one.sampled_value]
        )
        for one in meter_values
    ]


def measurements_v2(meter_values: Iterable[ocpp2.MeterValueType], otherwise: datetime) -> list[Measurement]:
    """``otherwise`` stands in for a time that nobody can read."""
    return [Measurement(*read_time(one.timestamp, otherwise), one.sampled_value) for one in meter_values]


def _sample_v16(sampled: ocpp16.SampledValue) -> SampledValue:
    # The JSON schema of 1.6 misspells it.
    unit = unit_v2(sampled.unit)
    signed = sampled.format == "SignedData"
    value = None if signed else _number(sampled.value)
    return SampledValue(
        value=value,
        raw=sampled.value if value is None and not signed else None,
        context=sampled.context,
        measurand=sampled.measurand,
        phase=sampled.phase,
        location=sampled.location,
        signed_meter_value=ocpp2.SignedMeterValueType(sampled.value, "") if signed else None,
        unit_of_measure=ocpp2.UnitOfMeasureType(unit=unit) if unit else None,
    )


def _number(text: str) -> Decimal | None:
    """None for what is not a number that a meter might show."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < 100 else None
