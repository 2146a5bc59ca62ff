"""Payloads of OCPP messages for property tests, made from the JSON schemas."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from libs.ocpp_messages.schemas import Schema

Values = st.SearchStrategy[Any]

LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.sampled_from([0.5, "", "é", "null", "1.0"])
)
KEYS = st.sampled_from(["iso15118eMAID", "fooBAR", "snake_case", "evseId", "x", "ünï", "L1-N", ""])
OPAQUE = st.recursive(
    LEAVES, lambda part: st.lists(part, max_size=2) | st.dictionaries(KEYS, part, max_size=2), max_leaves=4
)
"""What nobody may touch, the names of its properties included."""

ZONES = st.sampled_from([0, 0, 0, 60, -210, 345]).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=ZONES)
FORMATS: dict[str, Values] = {
    "date-time": TIMES.map(lambda time: time.isoformat().replace("+00:00", "Z")),
    "uri": st.sampled_from(["https://csms.example/log?id=1", "ftp://user:pass@10.0.0.1/", "urn:x:1"]),
}
TEXTS = ["", "null", "true", "1.0", "Ω≈ç", "🚗", '"\\', "\x00\n", "wallbox"]


def payloads(schema: Schema) -> Values:
    """Payloads that fit the schema, with some of the optional properties."""
    return _value(schema, schema)


def complete(schema: Schema) -> Schema:
    """The schema, with every property required."""
    parts = {key: complete(part) if isinstance(part, dict) else part for key, part in schema.items()}
    properties = schema.get("properties")
    return {**parts, "required": list(properties)} if isinstance(properties, dict) else parts


def _value(schema: Schema, root: Schema) -> Values:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        value = _value(root["definitions"][name], root)
        return _custom(value) if name == "CustomDataType" else value
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "object":
            return _object(schema, root)
        case "array":
            least = schema.get("minItems", 0)
            return st.lists(_value(schema["items"], root), min_size=least, max_size=max(least, 2))
        case "string":
            return _text(schema)
        case "integer":
            return st.integers(_limit(schema, "minimum", -(2**31)), _limit(schema, "maximum", 2**31 - 1))
        case "number":
            return _number(schema)
        case "boolean":
            return st.booleans()
    return OPAQUE.filter(lambda value: value is not None)


def _object(schema: Schema, root: Schema) -> Values:
    required = schema.get("required", ())
    properties = {key: _value(part, root) for key, part in schema.get("properties", {}).items()}
    return st.fixed_dictionaries(
        {key: value for key, value in properties.items() if key in required},
        optional={key: value for key, value in properties.items() if key not in required},
    )


def _custom(known: Values) -> Values:
    extra = st.dictionaries(KEYS, OPAQUE, max_size=3)
    return st.builds(lambda extra, known: {**extra, **known}, extra, known)


def _text(schema: Schema) -> Values:
    if "format" in schema:
        return FORMATS[schema["format"]]
    longest = schema.get("maxLength", 10_000)
    return st.sampled_from([text for text in [*TEXTS, "é" * longest] if len(text) <= longest])


def _number(schema: Schema) -> Values:
    """At most six decimals, and never more than doubles can tell apart."""
    scale = 10 if "multipleOf" in schema else 1_000_000
    low, high = _limit(schema, "minimum", -1_000_000), _limit(schema, "maximum", 1_000_000)
    return st.integers(low * scale, high * scale).map(lambda parts: parts / scale) | st.integers(low, high)


def _limit(schema: Schema, keyword: str, widest: int) -> int:
    limit = int(schema.get(keyword, widest))
    return max(-abs(widest) - 1, min(abs(widest), limit))
