"""The shape of a form: what kind of field each place of a JSON schema asks for. Alone knows JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from libs.ocpp_messages.schemas import LARGEST_INTEGER, Schema

from .words import N_, Words, limited


class Kind(StrEnum):
    """What a field holds, and so which control shows it."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ENUM = "enum"
    TIME = "date-time"
    OBJECT = "object"
    ARRAY = "array"
    JSON = "json"
    """Anything, written as JSON: also objects that may have properties which the schema does not name."""


@dataclass(frozen=True)
class Part:
    """What one place of a payload may hold."""

    kind: Kind
    schema: Schema
    """Plain: see ``plain``."""
    parts: Mapping[str, Part]
    """Of an object, by property: the required ones first, those written as JSON last."""
    item: Part | None
    """Of an array."""

    @cached_property
    def required(self) -> list[str]:
        """The properties that an object must have."""
        return list(self.schema.get("required", ()))

    @cached_property
    def options(self) -> dict[str, Any]:
        """Of an enum: its values, by the text that a form has for each."""
        values = self.schema.get("enum") or [self.schema["const"]]
        return {_shown(value): value for value in values}

    @cached_property
    def description(self) -> str:
        """In the words of the schema, without the numbers that the OCA's have in their first lines."""
        lines = str(self.schema.get("description", "")).split("\n")
        numbers = [number for number, line in enumerate(lines) if line.startswith("urn:x-")]
        return re.sub(r"\s+", " ", " ".join(lines[max(numbers) + 1 :] if numbers else lines)).strip()

    @cached_property
    def is_long(self) -> bool:
        """Whether a text may need more than a line."""
        return self.schema.get("maxLength", 2000) > 300 and "format" not in self.schema

    @cached_property
    def is_never_negative(self) -> bool:
        return bool(self.schema.get("minimum", -1) >= 0)

    @cached_property
    def hints(self) -> list[Words]:
        """The limits that somebody who fills in the field should know."""
        hints = [
            limited(text, self.schema[keyword])
            for keyword, text in _HINTS.items()
            if keyword in self.schema and (keyword, self.schema[keyword]) not in _NO_LIMITS
        ]
        if self.kind is Kind.TIME:
            hints.append(Words(N_("a time with its zone, such as 2030-01-31T13:45:00Z")))
        if self.schema.get("default") not in (None, [], ""):
            hints.append(Words(N_("without it: %(value)s"), {"value": _shown(self.schema["default"])}))
        return hints


def _shown(value: object) -> str:
    return value if isinstance(value, str) else str(value).lower()


_HINTS = {
    "minLength": N_("characters at least: %(limit)s"),
    "maxLength": N_("characters at most: %(limit)s"),
    "minItems": N_("items at least: %(limit)s"),
    "maxItems": N_("items at most: %(limit)s"),
    "minimum": N_("at least %(limit)s"),
    "maximum": N_("at most %(limit)s"),
    "multipleOf": N_("a multiple of %(limit)s"),
}

_NO_LIMITS = {
    ("minLength", 0),
    ("minLength", 1),
    ("minItems", 0),
    ("minimum", -LARGEST_INTEGER),
    ("maximum", LARGEST_INTEGER),
}
"""They say nothing, or that something is required."""

_LEFT_OUT = {
    "$defs",
    "$id",
    "$schema",
    "additionalItems",
    "comment",
    "definitions",
    "id",
    "javaType",
    "title",
}

_UNIONS = {
    frozenset({"number", "string"}): "number",
    frozenset({"integer", "string"}): "string",
    frozenset({"integer", "number"}): "number",
}
"""Which type stands for alternatives that say the same: a decimal may come as text, an id as a number."""


def plain(schema: Schema, document: Schema, within: tuple[str, ...] = ()) -> Schema:
    """The schema without references, of which ``document`` has the targets, and without alternatives that no
    form tells apart: null is an absent field. A type that holds itself is any JSON from there on.
    """
    if "$ref" in schema:
        reference = schema["$ref"]
        beside = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
        if reference in within:
            return {}
        return plain(_target(document, reference) | beside, document, (*within, reference))
    if "anyOf" in schema:
        return _of_alternatives(schema, document, within)
    kept = {keyword: value for keyword, value in schema.items() if keyword not in _LEFT_OUT}
    if isinstance(kept.get("type"), list):
        types = [one for one in kept["type"] if one != "null"]
        kept["type"] = types[0] if len(types) == 1 else types
    if "properties" in kept:
        properties = kept["properties"].items()
        kept["properties"] = {name: plain(part, document, within) for name, part in properties}
    for keyword in ("items", "additionalProperties"):
        if isinstance(kept.get(keyword), dict):
            kept[keyword] = plain(kept[keyword], document, within)
    return kept


def _target(document: Schema, reference: str) -> Schema:
    target: Any = document
    for name in reference.removeprefix("#/").split("/"):
        target = target[name]
    return dict(target)


def _of_alternatives(schema: Schema, document: Schema, within: tuple[str, ...]) -> Schema:
    beside = {keyword: value for keyword, value in schema.items() if keyword not in ("anyOf", *_LEFT_OUT)}
    alternatives = [plain(one, document, within) for one in schema["anyOf"]]
    alternatives = [one for one in alternatives if one.get("type") != "null"]
    if len(alternatives) == 1:
        return alternatives[0] | beside
    types = frozenset(str(one.get("type")) for one in alternatives)
    return ({"type": _UNIONS[types]} if types in _UNIONS else {"anyOf": alternatives}) | beside


def part_of(schema: Schema) -> Part:
    """Of a plain schema."""
    kind = _kind(schema)
    parts: dict[str, Part] = {}
    if kind is Kind.OBJECT:
        required = schema.get("required", ())
        found = {name: part_of(part) for name, part in schema.get("properties", {}).items()}
        names = sorted(found, key=lambda name: (name not in required, found[name].kind is Kind.JSON))
        parts = {name: found[name] for name in names}
    return Part(kind, schema, parts, part_of(schema.get("items", {})) if kind is Kind.ARRAY else None)


def _kind(schema: Schema) -> Kind:
    match schema:
        case {"enum": _} | {"const": _}:
            return Kind.ENUM
        case {"type": "object", "additionalProperties": False}:
            return Kind.OBJECT
        case {"type": "string", "format": "date-time"}:
            return Kind.TIME
        case {"type": "string"}:
            return Kind.TEXT
        case {"type": "integer" | "number" | "boolean" | "array" as type_}:
            return Kind(type_)
    return Kind.JSON
