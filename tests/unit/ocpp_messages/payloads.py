"""Payloads of OCPP messages for property tests, made from the JSON schemas.

Hypothesis draws only the seed of each: a payload has hundreds of parts, and drawing them one by one is slow.
So a payload that fails is shown as it is, and not made smaller. Where nothing else is drawn, ``examples`` has
them without Hypothesis.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

from hypothesis import strategies as st

from libs.ocpp_messages.schemas import Schema

LEAVES = [None, True, False, -(2**31), 0, 1, 2**31, 0.5, "", "é", "null", "1.0"]
KEYS = ["iso15118eMAID", "fooBAR", "snake_case", "evseId", "x", "ünï", "L1-N", ""]
TEXTS = ["", "null", "true", "1.0", "Ω≈ç", "🚗", '"\\', "\x00\n", "wallbox"]
URIS = ["https://csms.example/log?id=1", "ftp://user:pass@10.0.0.1/", "urn:x:1"]
ZONES = [0, 0, 0, 60, -210, 345]
"""Minutes from UTC."""


def payloads(schema: Schema) -> st.SearchStrategy[Any]:
    """Payloads that fit the schema, with some of the optional properties."""
    return st.randoms(use_true_random=True).map(lambda random: _value(schema, schema, random))


def examples(schema: Schema, count: int) -> Iterator[tuple[Any, Random]]:
    """The same payloads in every run, and what else may be left to chance about each."""
    for seed in range(count):
        random = Random(seed)
        yield _value(schema, schema, random), random


def payload(schema: Schema, random: Random) -> Any:
    """One such payload."""
    return _value(schema, schema, random)


def anything() -> st.SearchStrategy[Any]:
    """Any JSON."""
    return st.randoms(use_true_random=True).map(_opaque)


def complete(schema: Schema) -> Schema:
    """The schema, with every property required."""
    parts = {key: complete(part) if isinstance(part, dict) else part for key, part in schema.items()}
    properties = schema.get("properties")
    return {**parts, "required": list(properties)} if isinstance(properties, dict) else parts


def _value(schema: Schema, root: Schema, random: Random) -> Any:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        value = _value(root["definitions"][name], root, random)
        return _opaque_object(random) | value if name == "CustomDataType" else value
    if "enum" in schema:
        return random.choice(schema["enum"])
    match schema.get("type"):
        case "object":
            required = schema.get("required", ())
            properties = schema.get("properties", {}).items()
            chosen = [(key, part) for key, part in properties if key in required or random.random() < 0.5]
            return {key: _value(part, root, random) for key, part in chosen}
        case "array":
            least = schema.get("minItems", 0)
            length = random.randint(least, max(least, 2))
            return [_value(schema["items"], root, random) for _ in range(length)]
        case "string":
            return _text(schema, random)
        case "integer":
            return _integer(_limit(schema, "minimum", -(2**31)), _limit(schema, "maximum", 2**31 - 1), random)
        case "number":
            return _number(schema, random)
        case "boolean":
            return random.random() < 0.5
    value = _opaque(random)
    return _opaque_object(random) if value is None else value


def _opaque(random: Random, depth: int = 2) -> Any:
    """What nobody may touch, the names of its properties included."""
    if depth == 0 or random.random() < 0.6:
        return random.choice(LEAVES)
    if random.random() < 0.5:
        return [_opaque(random, depth - 1) for _ in range(random.randint(0, 2))]
    return _opaque_object(random, depth - 1)


def _opaque_object(random: Random, depth: int = 2) -> dict[str, Any]:
    return {random.choice(KEYS): _opaque(random, depth) for _ in range(random.randint(0, 3))}


def _text(schema: Schema, random: Random) -> str:
    match schema.get("format"):
        case "date-time":
            zone = timezone(timedelta(minutes=random.choice(ZONES)))
            since_2000 = timedelta(microseconds=random.randrange(99 * 365 * 86_400 * 10**6))
            whole = timedelta(seconds=since_2000 // timedelta(seconds=1))
            time = datetime(2000, 1, 1, tzinfo=UTC) + random.choice([since_2000, whole])
            return time.astimezone(zone).isoformat().replace("+00:00", "Z")
        case "uri":
            return random.choice(URIS)
    longest = schema.get("maxLength", 10_000)
    return random.choice([text for text in [*TEXTS, "é" * longest] if len(text) <= longest])


def _number(schema: Schema, random: Random) -> float:
    """At most six decimals, and never more than doubles can tell apart."""
    scale = 10 if "multipleOf" in schema else 1_000_000
    low, high = _limit(schema, "minimum", -1_000_000), _limit(schema, "maximum", 1_000_000)
    if random.random() < 0.5:
        return _integer(low, high, random)
    return _integer(low * scale, high * scale, random) / scale


def _integer(low: int, high: int, random: Random) -> int:
    """Often one near the limits, or near zero."""
    near = [one for one in (low, low + 1, -1, 0, 1, high - 1, high) if low <= one <= high]
    return random.choice(near) if random.random() < 0.4 else random.randint(low, high)


def _limit(schema: Schema, keyword: str, widest: int) -> int:
    limit = int(schema.get(keyword, widest))
    return max(-abs(widest) - 1, min(abs(widest), limit))
