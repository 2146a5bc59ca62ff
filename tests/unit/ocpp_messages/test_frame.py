"""Frames: what is read from any text, and what is answered to the sender of a bad one."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from libs.ocpp_messages.frame import (
    Call,
    Error,
    FrameError,
    Result,
    ResultError,
    Send,
    format,
    format_call,
    format_result,
    money_action,
    parse,
)
from libs.ocpp_messages.version import Version

V16, V201, V21 = Version
every_version = pytest.mark.parametrize("version", Version)

CALL_SHAPE = "a CALL is [2, id of 1 to 36 characters, action, payload]"
ID = "19223201-6b3f-4d3e-9c5a-1e2f3a4b5c6d"


def refused(array: Any, version: Version) -> Error | ResultError | None:
    with pytest.raises(FrameError) as caught:
        parse(orjson.dumps(array), version)
    return caught.value.answer


@every_version
@pytest.mark.parametrize(
    "text",
    [
        "",
        b"",
        " ",
        "hello",
        "\x00",
        "\ufeff[]",
        b"\xff\xfe",
        "\ud800",
        '[2,"1","\ud800",{}]',
        '[2,"1","\\ud800",{}]',
        '[2,"1","Heartbeat",NaN]',
        '[2,"1","Heartbeat",{"a":1e400}]',
        '[2,"1","Heartbeat",{"a":' + "9" * 10_000 + "}]",
        '[2,"1","Heartbeat",{}',
        "[" * 100_000,
        '{"a":' * 100_000,
        "[2," * 100_000,
        "[" * 1000 + "]" * 1000,
    ],
    ids=lambda text: repr(text[:28]),
)
def test_text_that_is_no_json_is_refused_with_id_minus_1(version: Version, text: str | bytes) -> None:
    with pytest.raises(FrameError) as caught:
        parse(text, version)

    assert isinstance(caught.value.answer, Error)
    assert caught.value.answer.id == "-1"
    assert caught.value.answer.code == ("FormationViolation" if version is V16 else "RpcFrameworkError")
    assert caught.value.answer.details == {}


@pytest.mark.parametrize("depth", [200, 250, 251, 252, 253, 254, 255, 300, 1000])
def test_what_is_nested_too_deeply_to_be_written_is_not_read(depth: int) -> None:
    nested = "[" * depth + "]" * depth
    text = f'[2,"{ID}","DataTransfer",{{"vendorId":"x","data":{nested}}}]'

    if depth <= 252:
        assert format(parse(text, V201)) == text.encode()
    else:
        with pytest.raises(FrameError):
            parse(text, V201)


def test_the_refusal_of_a_deeply_nested_call_names_it() -> None:
    nested = "[" * 500 + "]" * 500

    with pytest.raises(FrameError) as caught:
        parse(f'[2,"{ID}","DataTransfer",{{"data":{nested}}}]', V201)

    assert caught.value.answer == Error(ID, "RpcFrameworkError", "the text is nested too deeply")


@every_version
def test_numbers_and_text_are_kept_as_they_are(version: Version) -> None:
    payload = {"a": [0.1, 1.0, -5, 2**53, 1e-7], "Ω": "\u0000é🚗", "null": None}

    assert parse(orjson.dumps([2, "1", "DataTransfer", payload]), version) == Call(
        "1", "DataTransfer", payload
    )


@every_version
@pytest.mark.parametrize(
    "array",
    [
        [],
        {},
        5,
        "Heartbeat",
        None,
        True,
        [None],
        ["2", 1, "Heartbeat", {}],
        [True, 1, "Heartbeat", {}],
        [[2], 1, "Heartbeat", {}],
        [2],
        [2, 17, "Heartbeat", []],
        [2, 17.5, "Heartbeat", {}],
        [2, True, "Heartbeat", {}],
        [2, "", "Heartbeat", {}],
        [2, "x" * 256, "Heartbeat", {}],
        [2, None, "Heartbeat", {}],
    ],
    ids=repr,
)
def test_a_frame_whose_id_cannot_be_read_is_refused_with_id_minus_1(version: Version, array: Any) -> None:
    answer = refused(array, version)

    assert isinstance(answer, Error)
    assert answer.id == "-1"
    assert answer.code == ("FormationViolation" if version is V16 else "RpcFrameworkError")


@every_version
@pytest.mark.parametrize(
    "array",
    [
        [2, ID],
        [2, ID, "Heartbeat", {}, {}],
        [2, ID, ["Heartbeat"], {}],
        [2, ID, 5, {}],
        [2, ID, None, {}],
        ["2", ID, "Heartbeat", {}],
    ],
    ids=repr,
)
def test_a_malformed_call_with_an_id_is_refused_with_it(version: Version, array: Any) -> None:
    answer = refused(array, version)

    assert isinstance(answer, Error)
    assert answer.id == ID
    assert answer.code == ("FormationViolation" if version is V16 else "RpcFrameworkError")


@every_version
@pytest.mark.parametrize("payload", [[], "", "{}", 0, False], ids=repr)
def test_the_payload_of_a_call_is_an_object(version: Version, payload: Any) -> None:
    answer = refused([2, ID, "Heartbeat", payload], version)

    assert isinstance(answer, Error)
    assert (answer.id, answer.code) == (ID, "FormationViolation" if version is V16 else "FormatViolation")


@every_version
def test_null_stands_for_an_empty_payload(version: Version) -> None:
    assert parse(f'[2,"{ID}","Heartbeat",null]', version) == Call(ID, "Heartbeat", {})
    assert parse(f'[3,"{ID}",null]', version) == Result(ID, {})


@every_version
def test_the_longest_id_of_the_standard_has_36_characters(version: Version) -> None:
    assert parse(orjson.dumps([2, "é" * 36, "Heartbeat", {}]), version) == Call("é" * 36, "Heartbeat", {})


@every_version
@pytest.mark.parametrize("id", ["é" * 37, "x" * 255], ids=len)
def test_a_longer_id_is_read_and_answered_with_itself(version: Version, id: str) -> None:
    call = parse(orjson.dumps([2, id, "Heartbeat", {}]), version)

    assert call == Call(id, "Heartbeat", {}, departures=("messageId",))
    assert orjson.loads(format_result(id, b"{}")) == [3, id, {}]
    assert refused([2, id, "Heartbeat", []], version) == Error(
        id, "FormationViolation" if version is V16 else "RpcFrameworkError", CALL_SHAPE
    )


@every_version
@pytest.mark.parametrize("number", [0, 17, -1, 2**63])
def test_an_id_that_is_a_number_is_answered_with_that_number(version: Version, number: int) -> None:
    call = parse(orjson.dumps([2, number, "Heartbeat", {}]), version)

    assert call == Call(str(number), "Heartbeat", {}, departures=("messageId",))
    assert isinstance(call, Call)
    assert orjson.loads(format_result(call.id, b"{}")) == [3, number, {}]
    assert orjson.loads(format(Error(call.id, "GenericError"))) == [4, number, "GenericError", "", {}]


@every_version
def test_a_call_without_payload_has_an_empty_one(version: Version) -> None:
    assert parse(f'[2,"{ID}","Heartbeat"]', version) == Call(ID, "Heartbeat", {}, departures=("payload",))


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ('[2,"1","StopTransaction",{"meterStop":NaN}]', "StopTransaction"),
        (' [ 2 , 17 , "transactionevent" , {', "TransactionEvent"),
        ('[2,"1","MeterValues",{}', "MeterValues"),
        ('[2,"1","StartTransaction"', "StartTransaction"),
        ('[2,"1","Heartbeat",{}', ""),
        ('[3,"1","StopTransaction",{}', ""),
        ('[2,"1","StopTransactions",{}', ""),
        ('[2,"' + "x" * 400 + '","StopTransaction",{}', ""),
        (" " * 100_000, ""),
        ('[2,"' + '"' * 100_000, ""),
    ],
    ids=lambda text: text[:40],
)
def test_what_would_have_been_a_call_that_carries_money_is_known_by_its_beginning(
    text: str, action: str
) -> None:
    assert money_action(text) == action


@every_version
@pytest.mark.parametrize(
    ("array", "frame"),
    [
        ([4, ID, "NotSupported", "no", {"a": 1}], Error(ID, "NotSupported", "no", {"a": 1})),
        ([4, ID, "NotSupported", "no"], Error(ID, "NotSupported", "no")),
        ([4, ID, "NotSupported"], Error(ID, "NotSupported")),
        ([4, ID, "NotSupported", None, None], Error(ID, "NotSupported")),
        ([4, ID, "NotSupported", "no", "details"], Error(ID, "NotSupported", "no")),
        ([4, ID, "c" * 99, "d" * 999, {}], Error(ID, "c" * 50, "d" * 255)),
        ([4, "-1", "RpcFrameworkError", "", {}], Error("-1", "RpcFrameworkError")),
    ],
    ids=lambda part: str(part)[:60],
)
def test_a_call_error_is_read_leniently(version: Version, array: Any, frame: Error) -> None:
    assert parse(orjson.dumps(array), version) == frame


BAD_RESULTS: list[Any] = [[3, ID], [3, ID, {}, {}], [3, 17, {}], [3]]
BAD_ERRORS: list[Any] = [[4, ID], [4, ID, 5, "", {}], [4, ID, "a", "b", {}, {}], [4, 5, "a", "b", {}]]


@every_version
@pytest.mark.parametrize("array", BAD_ERRORS, ids=repr)
def test_a_malformed_call_error_is_met_with_silence(version: Version, array: Any) -> None:
    assert refused(array, version) is None


@pytest.mark.parametrize("version", [V16, V201])
@pytest.mark.parametrize("array", BAD_RESULTS, ids=repr)
def test_a_malformed_call_result_is_met_with_silence_before_2_1(version: Version, array: Any) -> None:
    assert refused(array, version) is None


def test_a_malformed_call_result_of_2_1_is_refused_if_it_has_an_id() -> None:
    answers = [refused(array, V21) for array in BAD_RESULTS]

    description = "a CALLRESULT is [3, id, payload]"
    refusal = ResultError(ID, "RpcFrameworkError", description)
    assert answers == [refusal, refusal, None, None]


@pytest.mark.parametrize("number", [0, 1, 5, 6, 7, -2, 2**63])
def test_a_message_of_unknown_type_is_answered_in_2_0_1_only(number: int) -> None:
    array = [number, ID, "NotifyPeriodicEventStream", {}]

    answer = refused(array, V201)

    assert isinstance(answer, Error)
    assert (answer.id, answer.code) == (ID, "MessageTypeNotSupported")
    assert refused(array, V16) is None
    assert number in (5, 6) or refused(array, V21) is None


@every_version
@pytest.mark.parametrize("array", [[7], [7, 5], [1, "", "x", {}], [7, "x" * 256]], ids=repr)
def test_a_message_of_unknown_type_and_id_is_met_with_silence(version: Version, array: Any) -> None:
    assert refused(array, version) is None


def test_2_1_has_call_result_errors_and_sends() -> None:
    assert parse(f'[5,"{ID}","FormatViolation","no",{{}}]', V21) == ResultError(ID, "FormatViolation", "no")
    assert parse(f'[6,"{ID}","Stream",{{"a":1}}]', V21) == Send(ID, "Stream", {"a": 1})


@pytest.mark.parametrize(
    "array",
    [
        [5],
        [5, ID],
        [5, "", "code", "", {}],
        [5, "x" * 256, "code", "", {}],
        [6, ID],
        [6, ID, "Stream"],
        [6, ID, "Stream", []],
        [6, ID, "Stream", None],
        [6, 5, "Stream", {}],
        [6, ID, 5, {}],
    ],
    ids=repr,
)
def test_what_is_never_answered_is_not_answered_when_malformed_either(array: Any) -> None:
    assert refused(array, V21) is None


def test_a_payload_that_is_json_already_is_put_into_a_frame_unchanged() -> None:
    payload = b'{"currentTime":"2025-01-01T00:00:00Z","n":1.10}'

    assert format_result('a"b', payload) == b'[3,"a\\"b",' + payload + b"]"
    assert format_call("1", "Reset", payload) == b'[2,"1","Reset",' + payload + b"]"


def test_the_description_of_an_error_is_cut_at_255_characters() -> None:
    assert (
        format(Error("1", "GenericError", "é" * 300)) == f'[4,"1","GenericError","{"é" * 255}",{{}}]'.encode()
    )
    assert orjson.loads(format(ResultError("1", "GenericError", "é" * 300)))[3] == "é" * 255
