"""What the answers to commands tell of the settings of a station, as variables, whatever its version."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import msgspec

from libs.csms.secrets import HIDDEN
from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2
from libs.ocpp_messages.event import CommandEnded

from ..device_model import Attribute, Characteristics, Component, ReportedVariable, Variable
from .names import MOST_ENTRIES, OTHER_KEYS, NoName, name_of, variable_of


def told_by(station_id: str, ended: CommandEnded, at: datetime) -> list[ReportedVariable]:
    """Empty for commands that are not about settings, and for what the station refused."""
    asked, told = ended.payload, ended.response
    match ended.action:
        case "GetConfiguration":
            return [_key(station_id, one, at) for one in told.get("configurationKey", [])]
        case "ChangeConfiguration" if told.get("status") == "Accepted":
            return [_key(station_id, asked, at)]
        case "GetVariables":
            results = told.get("getVariableResult", [])
            return list(_variables(station_id, results, results, at))
        case "SetVariables":
            results = told.get("setVariableResult", [])
            return list(_variables(station_id, asked["setVariableData"], results, at))
    return []


def _variables(
    station_id: str, values: list[Json], results: list[Json], at: datetime
) -> Iterator[ReportedVariable]:
    """Results are in the order of what was asked (B05, B06); if not, nothing is believed."""
    if [_place(one) for one in values] != [_place(one) for one in results]:
        return
    for value, result in zip(values, results, strict=True):
        if result["attributeStatus"] == "Accepted":
            yield ReportedVariable(
                station_id=station_id,
                component=Component.model_validate(result["component"]),
                variable=Variable.model_validate(result["variable"]),
                attributes=[
                    Attribute(
                        type=result.get("attributeType", "Actual"),
                        value=value.get("attributeValue"),
                        reported_at=at,
                    )
                ],
            )


def _place(one: Json) -> tuple[object, ...]:
    return one["component"], one["variable"], one.get("attributeType", "Actual")


def _key(station_id: str, told: Json, at: datetime) -> ReportedVariable:
    """A configuration key of OCPP 1.6, under the variable of 2.x that means the same."""
    component, variable = _variable(told["key"])
    value = told.get("value")
    limit = Decimal(value) if told["key"] in MOST_ENTRIES and value and value.isdecimal() else None
    mutability = None
    if "readonly" in told:
        mutability = (
            "ReadOnly" if told["readonly"] else "WriteOnly" if value in (None, HIDDEN) else "ReadWrite"
        )
    return ReportedVariable(
        station_id=station_id,
        component=Component.model_validate(msgspec.to_builtins(component)),
        variable=Variable.model_validate(msgspec.to_builtins(variable)),
        attributes=[Attribute(value=value, mutability=mutability, reported_at=at)] if limit is None else [],
        characteristics=None
        if limit is None
        else Characteristics(data_type="integer", supports_monitoring=False, max_limit=limit, reported_at=at),
        configuration_key=told["key"],
    )


def _variable(key: str) -> tuple[ocpp2.ComponentType, ocpp2.VariableType]:
    """A key that no name can hold is still a key."""
    try:
        return variable_of(name_of(key))
    except NoName:
        return ocpp2.ComponentType(OTHER_KEYS), ocpp2.VariableType(key)
