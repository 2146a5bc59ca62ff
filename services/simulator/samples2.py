"""Tokens and meter readings as 2.0.1 and 2.1 write them."""

from __future__ import annotations

from decimal import Decimal

from libs.csms.clock import rfc3339
from libs.ocpp_messages import ocpp2

from .transaction import Reading


def token(id_tag: str) -> ocpp2.IdTokenType:
    return ocpp2.IdTokenType(id_token=id_tag, type="ISO14443")


def meter_value(reading: Reading, context: ocpp2.ReadingContextEnumType) -> ocpp2.MeterValueType:
    energy = ocpp2.SampledValueType(
        value=Decimal(reading.register_wh),
        context=context,
        measurand="Energy.Active.Import.Register",
        unit_of_measure=ocpp2.UnitOfMeasureType(unit="Wh"),
    )
    power = ocpp2.SampledValueType(
        value=Decimal(reading.power_w),
        context=context,
        measurand="Power.Active.Import",
        unit_of_measure=ocpp2.UnitOfMeasureType(unit="W"),
    )
    return ocpp2.MeterValueType(sampled_value=[energy, power], timestamp=rfc3339(reading.at))
