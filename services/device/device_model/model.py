"""The variables of a station in the terms of 2.x: components, variables, attributes, characteristics."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self
from urllib.parse import quote

import msgspec
from pydantic import Field

from libs.csms.clock import Time
from libs.csms.secrets import masked
from libs.csms.storage.store import Document, JsonDecimal
from libs.ocpp_messages import ocpp2


class Evse(Document):
    """EVSEType of 2.x."""

    id: int = Field(description="Number of the EVSE.")
    connector_id: int | None = Field(default=None, description="Number of the connector within the EVSE.")


class Component(Document):
    """ComponentType of 2.x."""

    name: str = Field(
        description="Name of the component; Configuration for keys of 1.6 that no variable of 2.x matches."
    )
    instance: str | None = Field(
        default=None, description="Tells components of the same name apart (ComponentType.instance)."
    )
    evse: Evse | None = Field(
        default=None, description="The EVSE or connector of the component; absent if the whole station."
    )


class Variable(Document):
    """VariableType of 2.x."""

    name: str = Field(description="Name of the variable.")
    instance: str | None = Field(
        default=None, description="Tells variables of the same name apart (VariableType.instance)."
    )


class Attribute(Document):
    """VariableAttributeType of 2.x."""

    type: str = Field(
        default="Actual", description="AttributeEnumType of 2.x: Actual, Target, MinSet or MaxSet."
    )
    value: str | None = Field(
        default=None, description="The value as the station reported it, as text; hidden if it is a secret."
    )
    mutability: str | None = Field(
        default=None, description="MutabilityEnumType of 2.x: ReadOnly, WriteOnly or ReadWrite."
    )
    persistent: bool | None = Field(
        default=None, description="Whether the value outlasts a reboot or loss of power (2.x)."
    )
    constant: bool | None = Field(
        default=None, description="Whether the station never changes the value (2.x)."
    )
    reported_at: Time = Field(description="When the gateway received the report.")

    def over(self, older: Attribute) -> Attribute:
        """This attribute, completed from an older report: an answer to GetVariables has the value but not
        the mutability.
        """
        reported = self.model_dump(exclude_none=True)
        complete = older.model_fields_set <= reported.keys()
        return self if complete else Attribute(**older.model_dump() | reported)


class Characteristics(Document):
    """VariableCharacteristicsType of 2.x."""

    data_type: str = Field(description="Type of the values: DataEnumType of 2.x.")
    supports_monitoring: bool = Field(description="Whether the station can monitor the variable.")
    unit: str | None = Field(default=None, description="Unit of the values, as the station writes it.")
    min_limit: JsonDecimal | None = Field(default=None, description="Least value that is possible.")
    max_limit: JsonDecimal | None = Field(
        default=None, description="Greatest value that is possible, or greatest length of a text or list."
    )
    values_list: str | None = Field(
        default=None, description="The values that are possible, separated by commas (valuesList)."
    )
    max_elements: int | None = Field(
        default=None, description="Greatest number of elements of an array (maxElements of 2.1)."
    )
    reported_at: Time = Field(description="When the gateway received the report.")


class ReportedVariable(Document):
    """A variable of a component, with the newest report of each of its attributes."""

    station_id: str = Field(description="The station that reported the variable.")
    component: Component = Field(description="The component that the variable belongs to.")
    variable: Variable = Field(description="Name and instance of the variable.")
    attributes: list[Attribute] = Field(description="The newest report of each type, in the order of types.")
    characteristics: Characteristics | None = Field(
        default=None, description="Type, unit and limits of the values; absent if not reported."
    )
    configuration_key: str | None = Field(
        default=None, description="The configuration key that a station of 1.6 reported."
    )

    @classmethod
    def of(cls, station_id: str, report: ocpp2.ReportDataType, at: datetime) -> Self:
        reported = masked(msgspec.to_builtins(report))
        characteristics = reported.get("variableCharacteristics")
        at_that_time = {"reportedAt": at}
        return cls(
            station_id=station_id,
            component=reported["component"],
            variable=reported["variable"],
            attributes=_newest(
                Attribute.model_validate(one | at_that_time) for one in reported["variableAttribute"]
            ),
            characteristics=characteristics and characteristics | at_that_time,
        )

    @property
    def key(self) -> str:
        return f"{quote(self.station_id, safe='')}:{_place(self.component)}:{_named(self.variable)}"

    def merge(self, other: Self) -> Self:
        """Combine two reports, in any order: of each type the newer attribute."""
        attributes = _newest([*self.attributes, *other.attributes])
        characteristics = max(
            (one for one in (self.characteristics, other.characteristics) if one),
            key=lambda one: one.reported_at,
            default=None,
        )
        newer = self.changed(attributes=attributes, characteristics=characteristics)
        return self if newer == self else newer


def _newest(attributes: Iterable[Attribute]) -> list[Attribute]:
    """The newest attribute of each type. Of those reported at the same time, the first."""
    newest: dict[str, Attribute] = {}
    for one in attributes:
        known = newest.get(one.type)
        if known is None or one.reported_at > known.reported_at:
            newest[one.type] = one if known is None else one.over(known)
        else:
            newest[one.type] = known.over(one)
    return [newest[type_] for type_ in sorted(newest)]


def _place(component: Component) -> str:
    evse = component.evse
    number = f"{evse.id}.{'' if evse.connector_id is None else evse.connector_id}" if evse else ""
    return f"{_named(component)}:{number}"


def _named(thing: Component | Variable) -> str:
    """OCPP compares names without regard to case."""
    return ":".join(quote((part or "").casefold(), safe="") for part in (thing.name, thing.instance))
