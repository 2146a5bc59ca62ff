"""The bus message: its attributes, its way there and back, and its answers."""

from __future__ import annotations

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.errors import CallError, ErrorCode, Unparseable
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

CALL = Message(
    data=b'{"idTag":"A"}',
    message_id="17",
    station_id="CS/ä 1",
    action="Authorize",
    kind=Kind.CALL,
    sent_at="2025-01-01T00:00:00.000Z",
    origin=Direction.FROM_STATION,
    ocpp_version=Version.V16,
    gateway_id="0a1b",
    connection_id="018f-1",
    reply_to="AuthorizeResponse",
    traceparent="00-1-2-01",
)
ATTRIBUTES = {
    "messageId": "17",
    "stationId": "CS/ä 1",
    "action": "Authorize",
    "kind": "call",
    "sentAt": "2025-01-01T00:00:00.000Z",
    "origin": "station",
    "ocppVersion": "ocpp1.6",
    "gatewayId": "0a1b",
    "connectionId": "018f-1",
    "replyTo": "AuthorizeResponse",
    "traceparent": "00-1-2-01",
}
REQUIRED = ["messageId", "stationId", "action", "kind", "sentAt", "origin"]
LATER = "2025-01-01T00:00:01.000Z"

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["null", "true", "1", "1.0"]
)
MESSAGES = st.builds(
    Message,
    data=st.binary(max_size=20),
    message_id=TEXTS,
    station_id=TEXTS,
    action=TEXTS,
    kind=st.sampled_from(Kind),
    sent_at=TEXTS,
    origin=st.sampled_from([Direction.FROM_STATION, Direction.TO_STATION]),
    ocpp_version=st.none() | st.sampled_from(Version),
    gateway_id=TEXTS,
    connection_id=TEXTS,
    reply_to=TEXTS,
    traceparent=TEXTS,
    error_code=TEXTS,
    error_description=TEXTS,
)


def test_attributes_have_the_names_of_the_contract() -> None:
    assert CALL.attributes() == ATTRIBUTES


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(MESSAGES)
def test_a_message_survives_the_bus(message: Message) -> None:
    attributes = message.attributes()

    assert all(type(key) is type(value) is str for key, value in attributes.items())
    assert Message.of(message.data, attributes) == message


def test_the_enumerations_come_back_as_such() -> None:
    message = Message.of(CALL.data, ATTRIBUTES)

    assert message.kind is Kind.CALL
    assert message.origin is Direction.FROM_STATION
    assert message.ocpp_version is Version.V16


def test_what_is_empty_is_no_attribute() -> None:
    event = Message(
        data=b"{}",
        message_id="1",
        station_id="CS1",
        action="StationConnected",
        kind=Kind.EVENT,
        sent_at=LATER,
        origin=Direction.FROM_STATION,
    )

    assert set(event.attributes()) == set(REQUIRED)
    assert event.ocpp_version is None


@pytest.mark.parametrize("missing", REQUIRED)
def test_a_message_without_an_attribute_it_needs_is_unparseable(missing: str) -> None:
    attributes = {name: value for name, value in ATTRIBUTES.items() if name != missing}

    with pytest.raises(Unparseable, match=missing):
        Message.of(b"{}", attributes)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "Call"),
        ("kind", ""),
        ("origin", "both"),
        ("origin", "gateway"),
        ("ocppVersion", "1.6"),
        ("ocppVersion", ""),
    ],
)
def test_an_attribute_with_an_impossible_value_is_unparseable(name: str, value: str) -> None:
    with pytest.raises(Unparseable):
        Message.of(b"{}", {**ATTRIBUTES, name: value})


def test_attributes_of_others_are_ignored() -> None:
    others = {
        "googclient_deliveryattempt": "2",
        "message_id": "other",
        "data": "other",
        "": "x",
        "MessageId": "other",
    }

    assert Message.of(CALL.data, {**others, **ATTRIBUTES}) == CALL


def test_the_data_is_what_was_put_in_whatever_it_is() -> None:
    for data in (b"", b"\xff\x00", b"not json", b'{"n":1.10}'):
        assert Message.of(data, msgspec.structs.replace(CALL, data=data).attributes()).data == data


def test_an_answer_goes_back_to_the_connection_of_its_call() -> None:
    response = ocpp16.AuthorizeResponse(ocpp16.IdTagInfo(status="Accepted"))

    answer = CALL.result(response, LATER)

    changed = {"kind": "result", "sentAt": LATER}
    assert answer.attributes() == {k: v for k, v in {**ATTRIBUTES, **changed}.items() if k != "replyTo"}
    assert answer.data == b'{"idTagInfo":{"status":"Accepted"}}'


@pytest.mark.parametrize(
    ("version", "code"),
    [
        (Version.V16, "OccurenceConstraintViolation"),
        (Version.V201, "OccurrenceConstraintViolation"),
        (Version.V21, "OccurrenceConstraintViolation"),
    ],
)
def test_a_refusal_names_its_code_as_the_version_of_the_call_does(version: Version, code: str) -> None:
    call = msgspec.structs.replace(CALL, ocpp_version=version)
    refusal = CallError(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "é" * 300, {"fooBAR": [1]})

    answer = call.error(refusal, LATER)

    assert (answer.kind, answer.message_id, answer.reply_to) == (Kind.ERROR, "17", "")
    assert answer.error_code == code
    assert answer.error_description == "é" * 255
    assert orjson.loads(answer.data) == {"fooBAR": [1]}


def test_a_result_leaves_out_what_is_none() -> None:
    response = ocpp2.TransactionEventResponse()

    assert CALL.result(response, LATER).data == b"{}"
