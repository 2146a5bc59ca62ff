"""Frames and HTTP requests that are almost right, made from a seed: the same seed makes the same ones."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any

from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.schemas import schema
from libs.ocpp_messages.version import Version
from tests.unit.ocpp_messages.payloads import payload

Json = Any

PAYLOADS_PER_ACTION = 4
DEEP = 120
"""Levels of nesting, which few readers of JSON follow."""

LEAVES: list[Json] = [
    None,
    True,
    "",
    "\0",
    "\ud800",
    "é" * 5_000,
    "x" * 100_000,
    "../../etc/passwd",
    "' OR 1=1 --",
    "${jndi:ldap://x}",
    "KeyCode",
    "2026-13-45T99:99:99Z",
    "9999-12-31T23:59:59.999999999+23:59",
    "NaN",
    0,
    -1,
    2**31,
    2**63,
    10**400,
    1e308,
    5e-324,
    -0.0,
    {},
    [],
    {"": {}},
    [[]],
    [None] * 1_000,
]
CHARACTERS = '"\\{}[],:0-.eE\t\n\x00é🚗'
NUMBERS = (
    "1e999",
    "-0",
    "00",
    "0x1",
    "1" * 400,
    "NaN",
    "Infinity",
    "1.0000000000000000000000001",
    "[" * 5_000,
)


@dataclass(frozen=True)
class Example:
    """A message that fits its schema."""

    action: str
    request: Json
    response: Json


def examples(version: Version, random: Random) -> list[Example]:
    """Of every action of a version, some; more of those that stations send."""
    return [
        Example(
            action.name,
            payload(schema(version, f"{action.name}Request"), random),
            payload(schema(version, f"{action.name}Response"), random) if action.answered else {},
        )
        for action in ACTIONS[version].values()
        for _ in range(PAYLOADS_PER_ACTION if action.from_station else 1)
    ]


class Mutator:
    """``text`` of JSON is damaged in its values, in its form, or not at all."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def frame(self, version: Version, corpus: list[Example]) -> str:
        """A frame that a station might send, once something has gone wrong."""
        random = self.random
        example = random.choice(corpus)
        id: Json = f"{random.getrandbits(64):x}"
        if random.random() < 0.02:
            id = random.choice(["", "x" * 300, 7, None, "-1", ["a"], "\ud800"])
        action = example.action
        if random.random() < 0.03:
            action = random.choice([random.choice(corpus).action, "NoAction", "", action.lower(), 5])
        kind = random.choices([2, 3, 4, 5, 6, 0, 2.0, "2"], [60, 2, 2, 1, 3, 0.5, 0.5, 0.5])[0]
        match kind:
            case 3:
                array = [3, id, example.response]
            case 4 | 5:
                array = [kind, id, "InternalError", "no", example.response]
            case _:
                array = [kind, id, action, example.request]
        return self.text(array)

    def text(self, value: Json) -> str:
        random = self.random
        chosen = random.random()
        if chosen < 0.55:
            value = self.damaged(value)
        text = json.dumps(value, ensure_ascii=random.random() < 0.5)
        if chosen > 0.80:
            for _ in range(random.choice([1, 1, 1, 2, 5])):
                text = self.damaged_text(text)
        return text

    def damaged(self, value: Json) -> Json:
        """A copy in which one or more places are other than they were."""
        copy = deepcopy(value)
        for _ in range(self.random.choice([1, 1, 1, 2, 4])):
            copy = self._with_damage(copy)
        return copy

    def _with_damage(self, root: Json) -> Json:
        random, places = self.random, _places(root)
        if not places:
            return deepcopy(random.choice(LEAVES))
        container, key = random.choice(places)
        match random.randrange(7):
            case 0 | 1:
                container[key] = deepcopy(random.choice(LEAVES))
            case 2:
                del container[key]
            case 3:
                container[key] = [container[key]]
            case 4:
                other, at = random.choice(places)
                container[key] = deepcopy(other[at]) if at in _keys(other) else None
            case 5 if isinstance(container, dict):
                container[random.choice([key.upper(), f"{key} ", "", "customData", "x" * 200])] = deepcopy(
                    container[key]
                )
            case 5:
                container.extend(deepcopy(container[:5]))
            case 6:
                container[key] = json.loads("[" * DEEP + "]" * DEEP) if random.random() < 0.1 else str(key)
        return root

    def damaged_text(self, text: str) -> str:
        random = self.random
        at = random.randrange(len(text) + 1)
        end = min(len(text), at + random.choice([1, 1, 2, 10, 100]))
        match random.randrange(7):
            case 0:
                return text[:at]
            case 1:
                return text[:at] + text[end:]
            case 2:
                return text[:at] + random.choice(CHARACTERS) + text[at:]
            case 3:
                return text[:at] + text[at:end] * random.choice([2, 3, 100]) + text[end:]
            case 4:
                return text[:at] + random.choice(NUMBERS) + text[end:]
            case 5:
                return text[end:] + text[:at]
        return text[:at] + random.choice(CHARACTERS) + text[end:]


def _keys(container: Json) -> Any:
    return container if isinstance(container, dict) else range(len(container))


def _places(root: Json) -> list[tuple[Json, Any]]:
    """Every place in a JSON value that something stands at: what holds it, and under which key."""
    places, found = [], [root]
    while found:
        container = found.pop()
        if isinstance(container, dict | list):
            for key in _keys(container):
                places.append((container, key))
                found.append(container[key])
    return places
