"""What is read of messages that break their schema, and what is not."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from libs.ocpp_messages import v16, v21, v201
from libs.ocpp_messages.action import Action
from libs.ocpp_messages.errors import Violation
from libs.ocpp_messages.leniency import (
    DECISIVE,
    DEFAULTS,
    MAY_BE_EMPTY,
    MISSPELLINGS,
    MONEY_ACTIONS,
    OTHER_VALUES,
    Rule,
)
from libs.ocpp_messages.message import Message
from libs.ocpp_messages.repair import MAX_VALUES, Repair, repair, repairs_text
from libs.ocpp_messages.schemas import Schema

from .off_form import EVENT, METER_2, OFF_FORM, RECEIVED_AT, STOP, TIME, OffForm, changed
from .payloads import anything, payloads

quick = settings(max_examples=10, deadline=None, database=None, derandomize=True)

REPAIRED = [each for each in OFF_FORM if each.read is not None]


def read_by(rule: Rule) -> set[str]:
    return {str(each.version) for each in REPAIRED if rule in each.rules.split()}


@pytest.mark.parametrize("off", REPAIRED, ids=str)
def test_what_a_rule_reads_fits_its_schema_and_is_marked(off: OffForm) -> None:
    sent = copy.deepcopy(off.payload)

    repaired = repair(off.of.request_validator, off.payload, RECEIVED_AT)

    assert repaired.payload == off.read
    assert " ".join(sorted({each.rule for each in repaired.repairs})) == off.rules
    assert off.payload == sent
    off.of.decode_request(orjson.dumps(repaired.payload))


@pytest.mark.parametrize("off", [each for each in OFF_FORM if each.read is None], ids=str)
def test_what_no_rule_reads_is_refused(off: OffForm) -> None:
    with pytest.raises(Violation):
        repair(off.of.request_validator, off.payload, RECEIVED_AT)


def test_a_rule_that_is_switched_off_reads_nothing() -> None:
    for off in REPAIRED:
        with pytest.raises(Violation):
            repair(off.of.request_validator, off.payload, RECEIVED_AT, off.rules.split())


def test_there_are_enough_messages_of_every_rule() -> None:
    assert len(OFF_FORM) >= 240
    for rule in set(Rule) - {Rule.FRAME}:
        assert {"ocpp2.0.1", "ocpp2.1"} <= read_by(rule)
    for rule in set(Rule) - {Rule.FRAME, Rule.EMPTY_LIST}:  # lists of 1.6 may be empty
        assert "ocpp1.6" in read_by(rule)


def test_a_repair_says_where_it_was_and_what_stood_there() -> None:
    off = changed(EVENT, "meterValue.0.timestamp", "2026-11-20 10:00:00")

    repaired = repair(v201.TransactionEvent.request_validator, off, RECEIVED_AT)

    assert repaired.repairs == [
        Repair(Rule.TIMESTAMP_FORMAT, ("meterValue", 0, "timestamp"), "2026-11-20 10:00:00")
    ]
    assert repairs_text(repaired.repairs) == "timestampFormat@meterValue.0.timestamp"


def test_all_that_is_off_is_repaired_at_once() -> None:
    off = {**STOP, "transactionId": "5", "meterStop": "2500.51", "timestamp": "", "reason": "?", "x": 1}

    repaired = repair(v16.StopTransaction.request_validator, off, RECEIVED_AT)

    assert repaired.payload == {**STOP, "meterStop": 2501, "timestamp": RECEIVED_AT, "reason": "Other"}
    assert repairs_text(repaired.repairs) == (
        "unknownField@x numberAsText@transactionId numberAsText@meterStop decimalInteger@meterStop "
        "timestampMissing@timestamp unknownValue@reason"
    )


def test_the_refusal_names_what_is_left_to_object_to() -> None:
    off = {**STOP, "timestamp": "2026-11-20 10:00:00", "meterStop": "much"}

    with pytest.raises(Violation) as caught:
        repair(v16.StopTransaction.request_validator, off, RECEIVED_AT)

    assert caught.value.place == "meterStop"


def test_a_value_of_unknown_unit_takes_no_other_value_with_it() -> None:
    sampled = [
        {"value": "20", "unit": "furlong"},
        {"value": "1500", "unit": "Wh"},
        {"value": "230", "unit": "v"},
    ]
    off = {"connectorId": 1, "meterValue": [{"timestamp": TIME, "sampledValue": sampled}]}

    repaired = repair(v16.MeterValues.request_validator, off, RECEIVED_AT)

    assert repaired.payload["meterValue"][0]["sampledValue"] == [sampled[1], {"value": "230", "unit": "V"}]


def test_a_misspelled_name_does_not_replace_the_right_one() -> None:
    off = {**STOP, "METERSTOP": 9, "meter_stop": 8, "IdTag": "TAG", "IDTAG": "OTHER"}

    repaired = repair(v16.StopTransaction.request_validator, off, RECEIVED_AT)

    assert repaired.payload == {**STOP, "idTag": "TAG"}


def test_the_answers_of_stations_can_be_repaired_too() -> None:
    repaired = repair(
        v16.GetConfiguration.response_validator,
        {"configurationKey": [{"key": "k", "readonly": "true", "value": 5}], "unknownKey": None},
        RECEIVED_AT,
    )

    assert repaired.payload == {"configurationKey": [{"key": "k", "readonly": True, "value": "5"}]}


HOSTILE: list[Any] = [
    {"evseId": 1, "meterValue": [{"timestamp": "?", "sampledValue": [{"value": "x"}]}] * 20_000},
    {"evseId": 1, "meterValue": [[]] * 300_000},
    {"evseId": 1, "meterValue": [None] * 250_000},
    {f"x{number}": number for number in range(90_000)},
    {"x" * 500_000: 1, "y" * 500_000: 1},
    {"evseId": "9" * 1_000_000, "meterValue": []},
    {"evseId": "1e" + "9" * 1_000_000, "meterValue": []},
    {"evseId": 1, "meterValue": [{"timestamp": " " * 1_000_000 + "x", "sampledValue": [{"value": 1}]}]},
    {"evseId": 1, "meterValue": [{"timestamp": "2" * 1_000_000, "sampledValue": [{"value": 1}]}]},
]


@pytest.mark.parametrize("payload", HOSTILE, ids=range(len(HOSTILE)))
def test_a_megabyte_of_violations_costs_little(payload: Any) -> None:
    began = time.process_time()

    with pytest.raises(Violation):
        repair(v201.MeterValues.request_validator, payload, RECEIVED_AT)

    assert time.process_time() - began < 1, "it takes 50 ms"


def test_a_message_of_too_many_values_is_not_repaired() -> None:
    few, many = ({f"x{number}": 1 for number in range(count)} for count in (1000, MAX_VALUES // 4))

    assert len(repair(v201.Heartbeat.request_validator, few, RECEIVED_AT).repairs) == 1000
    with pytest.raises(Violation):
        repair(v201.Heartbeat.request_validator, many, RECEIVED_AT)
    assert (
        repair(v201.DataTransfer.request_validator, {"vendorId": "v", "data": many}, RECEIVED_AT).repairs
        == []
    )


def test_a_message_with_many_repairs_is_repaired_and_its_mark_is_bounded() -> None:
    sampled = {"timestamp": "2026-11-20 10:00:00", "sampledValue": [{"value": "1"}]}
    count = MAX_VALUES // 6

    repaired = repair(
        v21.TransactionEvent.request_validator,
        changed({**EVENT, "meterValue": [sampled] * count}, "seqNo", "2"),
        RECEIVED_AT,
    )

    text = repairs_text(repaired.repairs)
    assert len(repaired.repairs) == 2 * count + 1
    assert text.startswith("numberAsText@seqNo timestampFormat@meterValue.0.timestamp ")
    assert 900 < len(text) <= 1000


def test_a_name_that_a_station_made_up_cannot_spoil_the_mark() -> None:
    off = {**STOP, "a b@c é\n" + "x" * 100: 1}

    text = repairs_text(repair(v16.StopTransaction.request_validator, off, RECEIVED_AT).repairs)

    assert text == "unknownField@a?b?c???" + "x" * 42
    assert len(text.encode()) < 1024, Message.__annotations__


def test_the_tables_name_what_the_schemas_have() -> None:
    """An entry that no schema knows would do nothing, and nobody would notice."""
    names, values, fields = set(), set(), set()
    for module in (v16, v201, v21):
        for action in module.ACTIONS.values():
            for field, part in fields_of(action):
                names.add(field[1])
                values |= {(field[1], option) for option in part.get("enum", ())}
                fields.add(field)

    assert fields >= DECISIVE | MAY_BE_EMPTY | DEFAULTS.keys()
    assert values >= {(name, meant) for name, each in MISSPELLINGS.items() for meant in each.values()}
    assert values >= {(name, other) for name, others in OTHER_VALUES.items() for other in others}


def fields_of(action: Action[Any, Any]) -> Iterator[tuple[tuple[str, str], Schema]]:
    """Every field of a request, with what it is in, and its schema."""
    root = action.request_validator.schema

    def walk(schema: Schema, parent: str) -> Iterator[tuple[tuple[str, str], Schema]]:
        schema = root["definitions"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        if "items" in schema:
            yield from walk(schema["items"], parent)
        for name, part in schema.get("properties", {}).items():
            reference = part.get("$ref", "").rpartition("/")[2]
            yield (parent, name), root.get("definitions", {}).get(reference, part)
            yield from walk(part, name)

    yield from walk(root, action.request_validator.name)


MONEY = [
    module.ACTIONS[name]
    for module in (v16, v201, v21)
    for name in MONEY_ACTIONS.values()
    if name in module.ACTIONS
]
Change = tuple[str, Any]
"""A place, and what a careless station writes there."""


def careless(schema: Schema, payload: Any, root: Schema, place: str) -> Iterator[Change]:
    """Other ways to write what a payload says."""
    schema = root["definitions"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    match schema.get("type"), payload:
        case "object", dict():
            if schema.get("additionalProperties") is False:
                yield f"{place}.vendorExtra".lstrip("."), {"a": [1, None]}
            for name, part in schema.get("properties", {}).items():
                if name in payload:
                    yield from careless(part, payload[name], root, f"{place}.{name}".lstrip("."))
                elif name not in schema.get("required", ()):
                    yield f"{place}.{name}".lstrip("."), None
        case "array", list():
            for index, item in enumerate(payload):
                yield from careless(schema["items"], item, root, f"{place}.{index}")
        case (("integer" | "number"), _):
            yield place, f" {payload} "
        case "boolean", _:
            yield place, str(payload).upper()
        case "string", str() if "enum" in schema:
            yield place, payload.upper()
            yield place, payload.lower().replace(".", "_")
        case "string", str() if schema.get("format") == "date-time":
            yield place, payload.replace("T", " ")
            yield place, payload.replace("Z", "+0000")
            yield place, payload.removesuffix("Z")


def meaning(payload: Any) -> Any:
    """A payload with its times as instants."""
    match payload:
        case dict():
            return {name: meaning(part) for name, part in payload.items()}
        case list():
            return [meaning(part) for part in payload]
        case str() if len(payload) >= 20 and payload[4] == "-" and payload[13] == ":":
            return datetime.fromisoformat(payload)
    return payload


@pytest.mark.parametrize("action", MONEY, ids=lambda action: f"{action.version}-{action.name}")
@quick
@given(data=st.data())
def test_a_careless_message_means_what_the_clean_one_means(
    action: Action[Any, Any], data: st.DataObject
) -> None:
    schema = action.request_validator.schema
    clean = data.draw(payloads(schema))
    off = clean
    for place, written in data.draw(
        st.lists(
            st.sampled_from(list(careless(schema, clean, schema, ""))), unique_by=lambda c: c[0], max_size=4
        )
    ):
        off = changed(off, place, written)

    repaired = repair(action.request_validator, off, RECEIVED_AT)

    assert meaning(repaired.payload) == meaning(clean)


def places(payload: Any, at: str = "") -> Iterator[str]:
    parts = payload.items() if isinstance(payload, dict) else enumerate(payload)
    for step, part in parts:
        yield f"{at}.{step}".lstrip(".")
        if isinstance(part, (dict, list)):
            yield from places(part, f"{at}.{step}".lstrip("."))


@pytest.mark.parametrize("action", MONEY, ids=lambda action: f"{action.version}-{action.name}")
@quick
@given(data=st.data())
def test_whatever_a_message_holds_it_is_repaired_or_refused(
    action: Action[Any, Any], data: st.DataObject
) -> None:
    off = data.draw(payloads(action.request_validator.schema))
    for _ in range(data.draw(st.integers(1, 3))):
        known = [place for place in places(off) if "" not in place.split(".")]
        assume(known)
        off = changed(off, data.draw(st.sampled_from(known)), data.draw(anything()))

    try:
        repaired = repair(action.request_validator, off, RECEIVED_AT)
    except Violation:
        return
    lists = action.request_validator.accepting_empty_lists
    lists.check(repaired.payload)
    action.decode_request(orjson.dumps(repaired.payload))


def test_the_clean_message_needs_no_repair() -> None:
    assert repair(v201.MeterValues.request_validator, METER_2, RECEIVED_AT).repairs == []
