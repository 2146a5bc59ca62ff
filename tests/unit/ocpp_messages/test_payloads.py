"""Every message of every version: what fits its schema survives its type, and nothing else gets past."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec
import orjson
import pytest

from libs.ocpp_messages.action import Action, encode
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import CallError
from libs.ocpp_messages.schemas import schema
from libs.ocpp_messages.version import Version

from .payloads import complete, examples

EVERY_ACTION = [action for actions in ACTIONS.values() for action in actions.values()]
ANSWERED_ACTIONS = [action for action in EVERY_ACTION if action.answered]


def name(action: Action[Any, Any]) -> str:
    return f"{action.version}-{action.name}"


every_action = pytest.mark.parametrize("action", EVERY_ACTION, ids=name)
every_answered_action = pytest.mark.parametrize("action", ANSWERED_ACTIONS, ids=name)
EXAMPLES = 5
"""Of each message, and of each with all its properties."""

DISTORTIONS = [
    None,
    True,
    1.0,
    -1,
    2**31,
    2**53,
    2**64,
    1e300,
    "",
    "1",
    "null",
    "x" * 60_000,
    [],
    {},
    [{}],
    {"a": 1},
]


@every_action
def test_a_request_comes_out_of_its_type_as_it_went_in(action: Action[Any, Any]) -> None:
    for payload in both(action.version, action.request_topic):
        action.request_validator.check(payload)
        again = encode(action.decode_request(orjson.dumps(payload)))

        assert orjson.loads(again) == payload


@every_answered_action
def test_a_response_comes_out_of_its_type_as_it_went_in(action: Action[Any, Any]) -> None:
    for payload in both(action.version, action.response_topic):
        action.response_validator.check(payload)
        again = encode(msgspec.convert(orjson.loads(orjson.dumps(payload)), action.response, strict=False))

        assert orjson.loads(again) == payload


@every_action
def test_what_the_schema_lets_pass_the_type_can_hold(action: Action[Any, Any]) -> None:
    for clean, random in examples(schema(action.version, action.request_topic), EXAMPLES):
        payload = orjson.loads(json.dumps(distorted(random, clean)))

        if is_accepted(action, payload):
            again = encode(action.decode_request(orjson.dumps(payload)))

            assert is_accepted(action, orjson.loads(again))


def both(version: Version, name: str) -> Iterator[Any]:
    """Payloads of a message, and as many with every property that there is."""
    for asked in (schema(version, name), complete(schema(version, name))):
        for payload, _ in examples(asked, EXAMPLES):
            yield payload


def is_accepted(action: Action[Any, Any], payload: object) -> bool:
    try:
        action.request_validator.check(payload)
    except CallError:
        return False
    return True


def distorted(random: Random, value: Any) -> Any:
    """The payload with one part of it replaced, or with one property too many."""
    if isinstance(value, dict) and value and random.random() < 0.5:
        key = random.choice([*value, "extra"])
        return {**value, key: distorted(random, value.get(key))}
    if isinstance(value, list) and value:
        return [distorted(random, value[0]), *value[1:]]
    return random.choice(DISTORTIONS)
