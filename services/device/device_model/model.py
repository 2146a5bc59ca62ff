"""The variables of a station of 2.x, as it reports them component by component."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self
from urllib.parse import quote

import msgspec

from libs.csms.clock import Time
from libs.csms.secrets import masked
from libs.csms.storage.store import Document, JsonDecimal
from libs.ocpp_messages import ocpp2


class Evse(Document):
    id: int
    connector_id: int | None = None


class Component(Document):
    name: str
    instance: str | None = None
    evse: Evse | None = None


class Variable(Document):
    name: str
    instance: str | None = None


class Attribute(Document):
    """``value`` is hidden where it is a secret. ``reported_at`` is when the gateway received it."""

    type: str = "Actual"
    value: str | None = None
    mutability: str | None = None
    persistent: bool | None = None
    constant: bool | None = None
    reported_at: Time

    def over(self, older: Attribute) -> Attribute:
        """With what only the older one said: an answer with the value says nothing of mutability."""
        said = self.model_dump(exclude_none=True)
        return self if older.model_fields_set <= said.keys() else Attribute(**older.model_dump() | said)


class Characteristics(Document):
    data_type: str
    supports_monitoring: bool
    unit: str | None = None
    min_limit: JsonDecimal | None = None
    max_limit: JsonDecimal | None = None
    values_list: str | None = None
    max_elements: int | None = None
    reported_at: Time


class ReportedVariable(Document):
    """A variable of a component, with the newest that is known of each of its attributes.

    ``configuration_key`` is the key of OCPP 1.6 that it was reported as.
    """

    station_id: str
    component: Component
    variable: Variable
    attributes: list[Attribute]
    characteristics: Characteristics | None = None
    configuration_key: str | None = None

    @classmethod
    def of(cls, station_id: str, told: ocpp2.ReportDataType, at: datetime) -> Self:
        known = masked(msgspec.to_builtins(told))
        characteristics = known.get("variableCharacteristics")
        at_that_time = {"reportedAt": at}
        return cls(
            station_id=station_id,
            component=known["component"],
            variable=known["variable"],
            attributes=_newest(
                Attribute.model_validate(one | at_that_time) for one in known["variableAttribute"]
            ),
            characteristics=characteristics and characteristics | at_that_time,
        )

    @property
    def key(self) -> str:
        return f"{quote(self.station_id, safe='')}:{_place(self.component)}:{_named(self.variable)}"

    def merge(self, other: Self) -> Self:
        """Both, in whatever order they came: attributes by type, each the newer of the two."""
        attributes = _newest([*self.attributes, *other.attributes])
        characteristics = max(
            (one for one in (self.characteristics, other.characteristics) if one),
            key=lambda one: one.reported_at,
            default=None,
        )
        newer = self.changed(attributes=attributes, characteristics=characteristics)
        return self if newer == self else newer


def _newest(attributes: Iterable[Attribute]) -> list[Attribute]:
    """One of each type. Of those reported at the same time, the first."""
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
    """Names in OCPP are alike without regard to case."""
    return ":".join(quote((part or "").casefold(), safe="") for part in (thing.name, thing.instance))
