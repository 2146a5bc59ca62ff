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


class Sampled(ocpp2.Object, frozen=True):
    """A sampled value of any version in the words of 2.0.1. What is no number in 1.6 is kept as ``raw``."""

    value: Decimal | None = None
    raw: str | None = None
    context: str | None = None
    measurand: str | None = None
    phase: str | None = None
    location: str | None = None
    signed_meter_value: ocpp2.SignedMeterValueType | None = None
    unit_of_measure: ocpp2.UnitOfMeasureType | None = None


Sample = Sampled | ocpp2.SampledValueType


class Measured(NamedTuple):
    """Samples of one time. ``doubt`` is what is wrong with that time."""

    at: datetime
    doubt: str | None
    samples: Sequence[Sample]


def measured16(meter_values: Iterable[ocpp16.MeterValue], otherwise: datetime) -> list[Measured]:
    """``otherwise`` stands in for a time that nobody can read."""
    return [
        Measured(*read_time(one.timestamp, otherwise), [_sample16(sampled) for sampled in one.sampled_value])
        for one in meter_values
    ]


def measured2(meter_values: Iterable[ocpp2.MeterValueType], otherwise: datetime) -> list[Measured]:
    return [Measured(*read_time(one.timestamp, otherwise), one.sampled_value) for one in meter_values]


def _sample16(sampled: ocpp16.SampledValue) -> Sampled:
    unit = unit_v2(sampled.unit)
    signed = sampled.format == "SignedData"
    value = None if signed else _number(sampled.value)
    return Sampled(
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
