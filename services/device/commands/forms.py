"""The request body of each command in ``/docs``, from the schemas of the versions that have it."""

from __future__ import annotations

from functools import cache
from typing import Any

from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.schemas import Schema, schema

_LEFT_OUT = {"$schema", "$id", "comment", "javaType", "additionalItems", "definitions"}
_DRAFT_4_ID = "id"

COMMANDS = sorted(
    {name for actions in ACTIONS.values() for name, action in actions.items() if action.to_station}
)
"""Of all versions."""


@cache
def form(action: str) -> dict[str, Any]:
    """The request body of a command, in OpenAPI 3.1: any of the payloads of the versions that have it."""
    payloads = {
        version.value: _plain(schema(version, f"{action}Request"), {}) | {"title": f"{action} of {version}"}
        for version, actions in ACTIONS.items()
        if action in actions and actions[action].to_station
    }
    examples = {version: {"value": _example(payload)} for version, payload in payloads.items()}
    body = {"schema": {"anyOf": list(payloads.values())}, "examples": examples}
    return {"requestBody": {"content": {"application/json": body}}}


def _example(part: Schema) -> Any:
    """The shortest valid value."""
    match part:
        case {"enum": [first, *_]}:
            return first
        case {"type": "object"}:
            return {name: _example(part["properties"][name]) for name in part.get("required", [])}
        case {"type": "array"}:
            return [_example(part["items"])] * part.get("minItems", 0)
        case {"type": "string", "format": "date-time"}:
            return "2030-01-01T00:00:00Z"
        case {"type": "string", "format": "uri"}:
            return "https://example.com/"
        case {"type": "boolean"}:
            return True
        case {"type": "integer" | "number"}:
            return max(part.get("minimum", 1), 1)
    return "string"[: part.get("maxLength")]


def _plain(part: Any, definitions: dict[str, Schema]) -> Any:
    """A schema without references: those in the OCA's files point into that file, not the OpenAPI one."""
    if isinstance(part, list):
        return [_plain(each, definitions) for each in part]
    if not isinstance(part, dict):
        return part
    definitions = part.get("definitions", definitions)
    if "$ref" in part:
        return _plain(definitions[part["$ref"].rpartition("/")[2]], definitions)
    return {name: _plain(value, definitions) for name, value in part.items() if not _is_left_out(name, value)}


def _is_left_out(name: str, value: Any) -> bool:
    return name in _LEFT_OUT or (name == _DRAFT_4_ID and isinstance(value, str))
