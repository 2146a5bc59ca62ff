"""Every message of every version: what fits its schema survives its type, and nothing else gets past."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.ocpp_messages.action import Action, encode
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import CallError
from libs.ocpp_messages.schemas import schema
from libs.ocpp_messages.version import Version

from .payloads import complete, payloads

EVERY_ACTION = [action for actions in ACTIONS.values() for action in actions.values()]
ANSWERED_ACTIONS = [action for action in EVERY_ACTION if action.answered]


def name(action: Action[Any, Any]) -> str:
    return f"{action.version}-{action.name}"


every_action = pytest.mark.parametrize("action", EVERY_ACTION, ids=name)
every_answered_action = pytest.mark.parametrize("action", ANSWERED_ACTIONS, ids=name)
few = settings(
    max_examples=5, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)

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


@cache
def some(version: Version, name: str) -> st.SearchStrategy[Any]:
    return payloads(schema(version, name))


@cache
def both(version: Version, name: str) -> st.SearchStrategy[tuple[Any, Any]]:
    """Two payloads of a message, the second with every property that there is."""
    return st.tuples(some(version, name), payloads(complete(schema(version, name))))


@every_action
@few
@given(data=st.data())
def test_a_request_comes_out_of_its_type_as_it_went_in(action: Action[Any, Any], data: st.DataObject) -> None:
    for payload in data.draw(both(action.version, action.request_topic)):
        action.request_validator.check(payload)
        again = encode(action.decode_request(orjson.dumps(payload)))

        assert orjson.loads(again) == payload


@every_answered_action
@few
@given(data=st.data())
def test_a_response_comes_out_of_its_type_as_it_went_in(
    action: Action[Any, Any], data: st.DataObject
) -> None:
    for payload in data.draw(both(action.version, action.response_topic)):
        action.response_validator.check(payload)
        again = encode(msgspec.convert(orjson.loads(orjson.dumps(payload)), action.response, strict=False))

        assert orjson.loads(again) == payload


@every_action
@few
@given(data=st.data())
def test_what_the_schema_lets_pass_the_type_can_hold(action: Action[Any, Any], data: st.DataObject) -> None:
    payload = orjson.loads(json.dumps(distorted(data, data.draw(some(action.version, action.request_topic)))))

    if is_accepted(action, payload):
        again = encode(action.decode_request(orjson.dumps(payload)))

        assert is_accepted(action, orjson.loads(again))


def is_accepted(action: Action[Any, Any], payload: object) -> bool:
    try:
        action.request_validator.check(payload)
    except CallError:
        return False
    return True


def distorted(data: st.DataObject, value: Any) -> Any:
    """The payload with one part of it replaced, or with one property too many."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from([*value, "extra"]))
        return {**value, key: distorted(data, value.get(key))}
    if isinstance(value, list) and value:
        return [distorted(data, value[0]), *value[1:]]
    return data.draw(st.sampled_from(DISTORTIONS))
