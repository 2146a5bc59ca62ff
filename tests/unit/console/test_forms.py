"""A form: what it shows, what becomes of what a person fills in, and what it says where that does not fit."""

from __future__ import annotations

import re
from typing import Any

import pytest

from libs.csms.errors import NotFound
from libs.ocpp_messages.version import Version
from services.console.forms import exact_json
from services.console.forms.commands import command_form, commands, operation_forms
from services.console.forms.form import Filled, Form

from .browser import Page, html_of, page_of

Texts = dict[str, str]


def submitted(version: Version, action: str, texts: Texts) -> Filled:
    """What is filled in, in the blank form."""
    form = command_form(version, action)
    return form.submitted(filled_in(page_of(form.blank()), texts))


def filled_in(page: Page, texts: Texts) -> list[tuple[str, str]]:
    shown = dict(page.pairs)
    assert set(texts) <= set(shown), f"the form has only {list(shown)}"
    return list((shown | texts).items())


def pressed(form: Form, filled: Filled, button: str, name: str, texts: Texts | None = None) -> Filled:
    """One of the buttons of the form, after something was filled in."""
    page = page_of(filled)
    assert (button, name) in page.buttons
    return form.submitted([*filled_in(page, texts or {}), (button, name)])


def problems_of(filled: Filled) -> dict[str, str]:
    return {problem.name: str(problem.words) for problem in filled.problems}


def form_of(**properties: Any) -> Form:
    return Form({"type": "object", "additionalProperties": False, "properties": properties})


def test_each_version_has_its_commands() -> None:
    assert [len(commands(version)) for version in Version] == [26, 40, 55]
    assert "Reset" in commands(Version.V16) and "BootNotification" not in commands(Version.V16)


def test_what_is_no_command_has_no_form() -> None:
    with pytest.raises(NotFound, match="ocpp1.6 has no command BootNotification"):
        command_form(Version.V16, "BootNotification")


def test_a_command_is_filled_in_and_sent() -> None:
    filled = submitted(
        Version.V16, "RemoteStartTransaction", {"payload.idTag": "ABC", "payload.connectorId": "0"}
    )

    assert filled.json == b'{"idTag":"ABC","connectorId":0}'
    assert filled.problems == [] and not filled.is_rebuilt


def test_a_field_that_stays_blank_is_absent() -> None:
    filled = submitted(Version.V16, "ReserveNow", {"payload.idTag": "ABC", "payload.connectorId": " "})

    assert filled.payload == {"idTag": "ABC"}
    assert problems_of(filled)["payload.connectorId"] == "is required"


def test_false_and_zero_are_values() -> None:
    form = form_of(flag={"type": "boolean"}, number={"type": "number"}, count={"type": "integer"})
    page = page_of(form.of({"flag": False, "number": 0, "count": 0}))

    assert ("payload.flag", "false") in page.pairs
    assert form.submitted(page.pairs).json == b'{"flag":false,"number":0,"count":0}'


@pytest.mark.parametrize("number", ["0.10", "16.0", "1E+2", "-0.000001", "12345678901234567890.123456789"])
def test_a_number_is_sent_as_it_was_typed(number: str) -> None:
    form = form_of(limit={"type": "number"})
    filled = form.submitted([("payload", "{}"), ("payload.limit", f" {number} ")])

    assert filled.json.decode() == f'{{"limit":{number}}}'
    assert page_of(form.of(exact_json.read(filled.json.decode()))).pairs[-1] == ("payload.limit", number)


@pytest.mark.parametrize("number", ["1e999", "1,5", "+1", "0x10", "٣", "1_000", "NaN", "9" * 500])
def test_what_json_has_no_number_for_is_refused(number: str) -> None:
    form = form_of(limit={"type": "number"})
    filled = form.submitted([("payload", "{}"), ("payload.limit", number)])

    assert problems_of(filled) == {"payload.limit": "must be a number, such as 0.5"}


@pytest.mark.parametrize(
    "text", ["", "\r\nPEM\r\n", "nul \0", "tab\t", "\n\nfirst", " spaces ", '"', "é\u2028🚗", "5"]
)
def test_any_text_comes_back(text: str) -> None:
    for schema in ({"type": "string"}, {"type": "string", "maxLength": 20}):
        form = form_of(text=schema)

        assert form.submitted(page_of(form.of({"text": text})).pairs).payload == {"text": text}


def test_the_empty_text_is_offered_where_a_required_text_stays_blank() -> None:
    form = command_form(Version.V16, "ChangeConfiguration")
    blank = form.submitted(filled_in(page_of(form.blank()), {"payload.key": "AuthorizationKey"}))
    page = page_of(blank)

    assert problems_of(blank) == {"payload.value": "is required"}
    assert "payload.value.json" in {element.get("name") for _, element in page.elements}
    assert form.submitted([*page.pairs, ("payload.value.json", "on")]).payload["value"] == ""


def test_the_empty_text_is_not_offered_where_it_would_not_fit() -> None:
    form = Form(
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {"id": {"type": "string", "minLength": 1}},
            "required": ["id"],
        }
    )
    blank = form.submitted(page_of(form.blank()).pairs)

    assert problems_of(blank) == {"payload.id": "is required"}
    assert "payload.id.json" not in html_of(blank)


def test_null_is_any_json_and_an_absent_field_elsewhere() -> None:
    data = command_form(Version.V201, "DataTransfer")
    optional = form_of(evseId={"anyOf": [{"type": "integer"}, {"type": "null"}]})
    null = {"vendorId": "org", "data": None}

    assert data.submitted(page_of(data.of(null)).pairs).payload == null
    assert optional.submitted(page_of(optional.of({"evseId": None})).pairs).payload == {}


def test_what_is_wrong_stands_at_its_field() -> None:
    filled = submitted(
        Version.V16,
        "ReserveNow",
        {
            "payload.connectorId": "one",
            "payload.expiryDate": "tomorrow",
            "payload.idTag": "x" * 21,
            "payload.reservationId": "1.5",
        },
    )
    page = page_of(filled)

    assert problems_of(filled) == {
        "payload.connectorId": "must be a whole number, such as 16",
        "payload.expiryDate": "must be a time with its zone, such as 2030-01-31T13:45:00Z",
        "payload.idTag": "must be at most 20 characters",
        "payload.reservationId": "must be a whole number",
    }
    assert page.texts["payload-idTag-problem"].strip() == "must be at most 20 characters"
    assert dict(page.pairs)["payload.connectorId"] == "one"
    invalid = {element["name"] for _, element in page.elements if element.get("aria-invalid") == "true"}
    assert invalid == set(problems_of(filled))
    assert {element["href"] for tag, element in page.elements if tag == "a"} <= {f"#{id}" for id in page.ids}


def test_each_rule_has_plain_words() -> None:
    schemas: dict[str, tuple[Any, Any, str]] = {
        "short": ({"type": "string", "minLength": 2}, "a", "must be at least 2 characters"),
        "few": ({"type": "array", "minItems": 1}, [], "must have at least one item"),
        "many": ({"type": "array", "maxItems": 2}, [1, 1, 1], "must have at most 2 items"),
        "low": ({"type": "integer", "minimum": 0}, -1, "must be at least 0"),
        "high": ({"type": "integer", "maximum": 3}, 4, "must be at most 3"),
        "step": ({"type": "number", "multipleOf": 0.1}, 0.15, "must be a multiple of 0.1"),
        "choice": ({"enum": ["A", "W"]}, "V", "must be one of A, W"),
        "address": (
            {"type": "string", "format": "uri"},
            "x",
            "must be a URI, such as https://example.com/file",
        ),
        "flag": ({"type": "boolean"}, "maybe", "must be true or false"),
        "name": ({"type": "string", "pattern": "^a"}, "b", "must have the form ^a"),
        "same": ({"type": "array", "uniqueItems": True}, [1, 1], "breaks the rule uniqueItems of the schema"),
    }
    form = form_of(**{name: schema for name, (schema, _, _) in schemas.items()})
    found = problems_of(form.of({name: value for name, (_, value, _) in schemas.items()}))

    assert found == {f"payload.{name}": words for name, (_, _, words) in schemas.items()}


def test_what_belongs_to_no_field_stands_on_top() -> None:
    filled = command_form(Version.V16, "Reset").of({"type": "Hard", "<b>": 1})
    html = html_of(filled)

    assert problems_of(filled) == {"payload": "has no field <b>"}
    assert "has no field &lt;b&gt;" in html and "<b>" not in html


def test_what_is_wrong_inside_of_json_says_where() -> None:
    filled = command_form(Version.V201, "Reset").of({"type": "Immediate", "customData": {"vendorId": 5}})

    assert page_of(filled).texts["payload-customData-problem"].strip() == "vendorId must be text"


def test_a_value_of_the_wrong_kind_is_shown_with_what_is_wrong() -> None:
    filled = command_form(Version.V201, "Reset").of({"type": "Later", "evseId": [1]})
    page = page_of(filled)

    assert problems_of(filled) == {
        "payload.type": "must be one of Immediate, OnIdle",
        "payload.evseId": "must be a whole number",
    }
    assert dict(page.pairs)["payload.type"] == "Later"
    assert dict(page.pairs)["payload.evseId"] == "[1]"


@pytest.mark.parametrize("payload", [None, 5, "text", [], {"evse": 1}])
def test_a_payload_of_the_wrong_kind_is_no_bug(payload: Any) -> None:
    filled = command_form(Version.V201, "ChangeAvailability").of(payload)

    assert filled.problems and "payload.operationalStatus" in dict(page_of(filled).pairs)


def test_json_that_is_none_stays_in_its_field() -> None:
    filled = submitted(Version.V201, "DataTransfer", {"payload.vendorId": "org", "payload.data": "{oops"})

    assert problems_of(filled) == {
        "payload.data": 'must be JSON, such as 5, "text" or {"vendorId": "example"}'
    }
    assert dict(page_of(filled).pairs)["payload.data"] == "{oops"


def test_an_optional_object_is_added_and_removed() -> None:
    form = command_form(Version.V16, "RemoteStartTransaction")
    more = pressed(form, form.blank(), "add", "payload.chargingProfile", {"payload.idTag": "ABC"})

    assert more.is_rebuilt and more.problems == []
    shown = dict(page_of(more).pairs)
    assert shown["payload.idTag"] == "ABC"
    assert "payload.chargingProfile.chargingSchedule.chargingSchedulePeriod" in shown

    less = pressed(form, more, "remove", "payload.chargingProfile")
    assert less.payload == {"idTag": "ABC"}
    assert form.submitted(page_of(less).pairs).json == b'{"idTag":"ABC"}'


def test_items_of_a_list_are_added_and_removed() -> None:
    form = command_form(Version.V16, "GetConfiguration")
    filled = pressed(form, form.blank(), "add", "payload.key")
    for number, key in enumerate(["A", "B", "C"]):
        filled = pressed(form, filled, "add", "payload.key")
        assert page_of(filled).elements_with("autofocus") == [f"payload.key.{number}"]
        filled = form.submitted(filled_in(page_of(filled), {f"payload.key.{number}": key}))

    assert filled.payload == {"key": ["A", "B", "C"]}
    assert pressed(form, filled, "remove", "payload.key.1").payload == {"key": ["A", "C"]}


def test_an_item_goes_alone_among_many() -> None:
    form = command_form(Version.V16, "GetConfiguration")
    keys = [f"key {number}" for number in range(12)]

    gone = pressed(form, form.of({"key": keys}), "remove", "payload.key.1")
    assert gone.payload == {"key": [keys[0], *keys[2:]]}


def test_an_item_takes_what_it_holds_with_it() -> None:
    form = command_form(Version.V201, "SetVariables")
    one, two = (
        {"attributeValue": value, "component": {"name": "C"}, "variable": {"name": "V"}}
        for value in ("", "2")
    )
    filled = form.of({"setVariableData": [two, one, two, one]})

    assert pressed(form, filled, "remove", "payload.setVariableData.0").payload == {
        "setVariableData": [one, two, one]
    }


def test_a_list_that_is_full_offers_no_more() -> None:
    form = form_of(keys={"type": "array", "items": {"type": "string"}, "maxItems": 1})

    assert ("add", "payload.keys") in page_of(form.of({"keys": []})).buttons
    assert ("add", "payload.keys") not in page_of(form.of({"keys": ["A"]})).buttons


def test_a_blank_item_is_a_missing_one() -> None:
    form = command_form(Version.V16, "GetConfiguration")
    filled = form.submitted([("payload", "{}"), ("payload.key", "[]"), ("payload.key.0", "")])

    assert problems_of(filled) == {"payload.key.0": "is required"}


def test_an_empty_object_and_an_empty_list_come_back() -> None:
    form = form_of(
        object={"type": "object", "additionalProperties": False, "properties": {"a": {"type": "string"}}},
        list={"type": "array", "items": {"type": "string"}},
    )

    payloads: list[dict[str, Any]] = [{}, {"object": {}}, {"list": []}, {"object": {}, "list": []}]
    for payload in payloads:
        assert form.submitted(page_of(form.of(payload)).pairs).payload == payload


def test_the_enter_key_adds_and_removes_nothing() -> None:
    page = page_of(command_form(Version.V201, "SetVariables").blank())

    assert page.buttons[0] == ("", "")


def test_names_and_texts_stay_text() -> None:
    evil = '"><script>alert(1)</script>'
    form = form_of(
        **{evil: {"enum": [evil], "description": evil}, "text": {"type": "string", "default": evil}}
    )

    assert "<script" not in html_of(form.of({evil: evil, "text": evil, f"more{evil}": 1}))


def test_an_extension_is_closed_until_it_says_something() -> None:
    form = command_form(Version.V201, "DataTransfer")
    one = {"vendorId": "org", "customData": {"vendorId": "org"}}

    assert html_of(form.of({"vendorId": "org"})).count("<details") == 1  # and not that of ``data``
    assert "<details" not in html_of(form.of(one))
    assert form.submitted(page_of(form.of({"vendorId": "org"})).pairs).payload == {"vendorId": "org"}


def test_descriptions_and_limits_stand_at_the_field() -> None:
    page = page_of(command_form(Version.V201, "SetChargingProfile").blank())

    hint = re.sub(r"\s+", " ", page.texts["payload-chargingProfile-chargingProfileKind-hint"]).strip()
    assert hint == "Indicates the kind of schedule."
    schedule = page.texts["payload-chargingProfile-chargingSchedule-hint"]
    assert "items at most: 3" in schedule and "items at least: 1" in schedule


def test_a_whole_limit_is_shown_as_a_whole_number() -> None:
    form = form_of(evseId={"type": "integer", "minimum": 0.0})

    assert page_of(form.blank()).texts["payload-evseId-hint"].strip() == "at least 0"
    assert problems_of(form.of({"evseId": -1})) == {"payload.evseId": "must be at least 0"}


def test_the_payload_is_shown_as_json() -> None:
    assert submitted(Version.V16, "Reset", {"payload.type": "Soft"}).json_text == '{\n  "type": "Soft"\n}'


def test_what_a_service_refuses_stands_at_its_field_too() -> None:
    filled = submitted(Version.V201, "Reset", {"payload.type": "OnIdle", "payload.evseId": "9"})
    filled.refused("evseId", "the station has no EVSE 9")
    filled.refused("type.0", "is odd")
    filled.refused("", "the station is away")
    page = page_of(filled)

    assert page.texts["payload-evseId-problem"].strip() == "the station has no EVSE 9"
    assert page.texts["payload-type-problem"].strip() == "0 is odd"
    assert "the station is away" in html_of(filled)


OPENAPI = {
    "paths": {
        "/chargingstations": {"get": {}},
        "/chargingstations/{id}/remote/start": {
            "post": {
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/S"}}}
                }
            }
        },
    },
    "components": {
        "schemas": {
            "S": {
                "type": "object",
                "additionalProperties": False,
                "title": "Start",
                "properties": {
                    "evseId": {
                        "anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}],
                        "default": None,
                    },
                    "id": {"anyOf": [{"type": "string"}, {"type": "integer"}], "maxLength": 5},
                    "limit": {"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "null"}]},
                    "type": {"enum": ["OnIdle", "Immediate"], "type": "string", "default": "OnIdle"},
                    "next": {"$ref": "#/components/schemas/S", "description": "Another one."},
                    "odd": {"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"type": "integer"}}]},
                },
            }
        }
    },
}


def test_an_operation_has_the_form_of_its_body() -> None:
    form = operation_forms(OPENAPI)["start"]
    kinds = {field.label: field.part.kind.value for field in form.blank().whole.fields}

    assert list(operation_forms(OPENAPI)) == ["start"]
    assert kinds == {
        "evseId": "integer",
        "id": "text",
        "limit": "number",
        "type": "enum",
        "next": "json",
        "odd": "json",
    }
    assert "without it: OnIdle" in page_of(form.blank()).texts["payload-type-hint"]
    assert problems_of(form.of({"evseId": 0, "id": "123456", "limit": "x"})) == {
        "payload.evseId": "must be at least 1",
        "payload.id": "must be at most 5 characters",
        "payload.limit": "must be a number",
    }
