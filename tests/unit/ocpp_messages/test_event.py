"""Domain events: their names, and their data there and back."""

from __future__ import annotations

import ast
import inspect
from decimal import Decimal
from itertools import pairwise

import pytest

from libs.ocpp_messages import catalogue
from libs.ocpp_messages.action import encode
from libs.ocpp_messages.errors import Unparseable
from libs.ocpp_messages.event import (
    EVENTS,
    STATION_DISCONNECTED,
    TRANSACTION_ENDED,
    StationDisconnected,
    TransactionEnded,
)
from libs.ocpp_messages.message import Message


def test_no_event_shares_its_topic_with_an_ocpp_message() -> None:
    names = [event.name for event in EVENTS]

    taken = {*catalogue.STATION_REQUEST_TOPICS, *catalogue.STATION_RESPONSE_TOPICS}
    taken |= {*catalogue.COMMAND_REQUEST_TOPICS, *catalogue.COMMAND_RESPONSE_TOPICS}
    assert len(set(names)) == len(names)
    assert not taken & set(names)


@pytest.mark.parametrize("type_", [Message, *(event.type for event in EVENTS)])
def test_every_field_has_a_description(type_: type) -> None:
    [definition] = ast.parse(inspect.getsource(type_)).body
    assert isinstance(definition, ast.ClassDef)
    fields = [statement for statement in definition.body if isinstance(statement, ast.AnnAssign)]
    described = [
        before
        for before, after in pairwise(definition.body)
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
    ]

    undescribed = [ast.unparse(field.target) for field in fields if field not in described]
    assert undescribed == []


def test_an_event_survives_the_bus() -> None:
    ended = TransactionEnded(
        id="CS1:17",
        transaction_id="17",
        started_at="2026-11-20T10:00:00.000Z",
        ended_at="2026-11-20T11:00:00.000Z",
        energy_wh=Decimal("1234.5"),
        id_token="A",
    )

    data = encode(ended)

    times = b'"startedAt":"2026-11-20T10:00:00.000Z","endedAt":"2026-11-20T11:00:00.000Z"'
    assert data == b'{"id":"CS1:17","transactionId":"17",' + times + b',"energyWh":1234.5,"idToken":"A"}'
    assert TRANSACTION_ENDED.decode(data) == ended


def test_a_later_property_is_ignored_and_an_absent_one_has_its_default() -> None:
    assert STATION_DISCONNECTED.decode(b'{"code":1006,"later":[1]}') == StationDisconnected(code=1006)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b'{"code":"x"}', b"\xff", b'{"x":' * 50_000])
def test_data_that_does_not_fit_is_unparseable(data: bytes) -> None:
    with pytest.raises(Unparseable, match="StationDisconnected"):
        STATION_DISCONNECTED.decode(data)
