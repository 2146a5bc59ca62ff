"""The settings of a station, as the answers of either generation tell them, in one shape."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2

from ..device_model.names import KEYS, name_of, text_of

_KEYS = {name: key for key, name in KEYS.items()}


def settings_v16(told: Json) -> list[Json]:
    """Of a GetConfiguration. ``name`` is in the vocabulary of OCPP 2.x, ``key`` that of OCPP 1.6."""
    found = [
        _setting(name_of(one["key"]), one["key"], "accepted", one.get("value"), one["readonly"])
        for one in told.get("configurationKey", [])
    ]
    unknown = [_setting(name_of(key), key, "unknown", None, None) for key in told.get("unknownKey", [])]
    return found + unknown


STATUSES = {"Accepted": "accepted", "Rejected": "rejected"}


def settings_v2(told: Iterable[Json]) -> list[Json]:
    """Of a GetVariables."""
    return [
        _setting(
            name := _name(one),
            _KEYS.get(name),
            STATUSES.get(one["attributeStatus"], "unknown"),
            one.get("attributeValue"),
            None,
        )
        for one in told
    ]


def settings_reported(parts: Iterable[Json]) -> list[Json]:
    """Of the messages of a report."""
    return [
        _setting(
            name := _name(one),
            _KEYS.get(name),
            "accepted",
            attribute.get("value"),
            attribute.get("mutability") == "ReadOnly",
        )
        for part in parts
        for one in part.get("reportData", [])
        for attribute in one["variableAttribute"]
        if attribute.get("type", "Actual") == "Actual"
    ]


def _name(one: Json) -> str:
    component = msgspec.convert(one["component"], ocpp2.ComponentType)
    return text_of(component, msgspec.convert(one["variable"], ocpp2.VariableType))


def _setting(name: str, key: str | None, status: str, value: Any, read_only: bool | None) -> Json:
    told = {"name": name, "key": key, "status": status, "value": value, "readOnly": read_only}
    return {field: one for field, one in told.items() if one is not None}
