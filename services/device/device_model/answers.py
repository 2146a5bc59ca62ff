"""The settings in the answers to commands, as variables of 2.x, whatever the version of the station."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from libs.csms.secrets import HIDDEN
from libs.ocpp_messages import ocpp2

from .model import Attribute, Characteristics, Component, ReportedVariable, Variable
from .names import MAX_ENTRIES_KEYS, OTHER_KEYS, NoName, name_of, variable_of

Value = ocpp2.GetVariableResultType | ocpp2.SetVariableDataType
VariableResult = ocpp2.GetVariableResultType | ocpp2.SetVariableResultType


def variables_v2(
    station_id: str, values: Sequence[Value], results: Sequence[VariableResult], at: datetime
) -> Iterator[ReportedVariable]:
    """The variables that the station accepted. Results have the order of the request (B05, B06); if they do
    not, none is used.
    """
    if [_place(one) for one in values] != [_place(one) for one in results]:
        return
    for value, result in zip(values, results, strict=True):
        if result.attribute_status == "Accepted":
            attribute = Attribute(
                type=result.attribute_type or "Actual", value=value.attribute_value, reported_at=at
            )
            yield ReportedVariable(
                station_id=station_id,
                component=Component.model_validate(msgspec.to_builtins(result.component)),
                variable=Variable.model_validate(msgspec.to_builtins(result.variable)),
                attributes=[attribute],
            )


def _place(one: Value | VariableResult) -> tuple[object, ...]:
    return one.component, one.variable, one.attribute_type or "Actual"


def variable_v16(
    station_id: str, key: str, value: str | None, is_read_only: bool | None, at: datetime
) -> ReportedVariable:
    """A configuration key of OCPP 1.6, under the variable of 2.x that means the same. ``is_read_only`` is
    None where the station has not reported it.
    """
    component, variable = _named(key)
    limit = Decimal(value) if key in MAX_ENTRIES_KEYS and value and value.isdecimal() else None
    attribute = Attribute(value=value, mutability=_mutability(value, is_read_only), reported_at=at)
    return ReportedVariable(
        station_id=station_id,
        component=Component.model_validate(msgspec.to_builtins(component)),
        variable=Variable.model_validate(msgspec.to_builtins(variable)),
        attributes=[attribute] if limit is None else [],
        characteristics=None
        if limit is None
        else Characteristics(data_type="integer", supports_monitoring=False, max_limit=limit, reported_at=at),
        configuration_key=key,
    )


def _mutability(value: str | None, is_read_only: bool | None) -> str | None:
    if is_read_only is None:
        return None
    if is_read_only:
        return "ReadOnly"
    return "WriteOnly" if value in (None, HIDDEN) else "ReadWrite"


def _named(key: str) -> tuple[ocpp2.ComponentType, ocpp2.VariableType]:
    """A key that cannot be part of a name is kept as the variable itself."""
    try:
        return variable_of(name_of(key))
    except NoName:
        return ocpp2.ComponentType(OTHER_KEYS), ocpp2.VariableType(key)
