"""The configuration of a station in one form, from the responses and reports of all versions of OCPP."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2

from ..device_model.names import KEYS, OTHER_KEYS, NoName, key_of, name_of, text_of, variable_of

_KEYS = {name: key for key, name in KEYS.items()}


def settings_v16(response: Json) -> list[Json]:
    """From the response to GetConfiguration. ``name`` is Component.Variable of OCPP 2.x, ``key`` of 1.6."""
    found = [
        _setting(name_of(one["key"]), one["key"], "accepted", one.get("value"), one["readonly"])
        for one in response.get("configurationKey", [])
    ]
    unknown = [_setting(name_of(key), key, "unknown", None, None) for key in response.get("unknownKey", [])]
    return found + unknown


STATUSES = {"Accepted": "accepted", "Rejected": "rejected"}


def settings_v2(results: Iterable[Json]) -> list[Json]:
    """From getVariableResult of GetVariables."""
    return [
        _setting(
            name := _name(one),
            _KEYS.get(name),
            STATUSES.get(one["attributeStatus"], "unknown"),
            one.get("attributeValue"),
            None,
        )
        for one in results
    ]


def settings_reported(parts: Iterable[Json]) -> list[Json]:
    """From the NotifyReport messages of a report: the actual values."""
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


def names_of(name: str) -> Json:
    """``name`` and ``key`` of a setting, as results have them, from what a client calls it."""
    try:
        text = text_of(*variable_of(name))
    except NoName:
        text = name_of(key_of(name))
    key = key_of(name) if text.startswith(f"{OTHER_KEYS}.") else _KEYS.get(text)
    return {"name": text} | ({"key": key} if key else {})


def statuses_v2(results: Iterable[Json]) -> dict[str, str]:
    """From setVariableResult of SetVariables: the status of each variable, by its name in lower case."""
    return {_name(one).casefold(): str(one["attributeStatus"]) for one in results}


def _name(one: Json) -> str:
    component = msgspec.convert(one["component"], ocpp2.ComponentType)
    return text_of(component, msgspec.convert(one["variable"], ocpp2.VariableType))


def _setting(name: str, key: str | None, status: str, value: Any, read_only: bool | None) -> Json:
    fields = {"name": name, "key": key, "status": status, "value": value, "readOnly": read_only}
    return {field: one for field, one in fields.items() if one is not None}
