"""Every command of every version, and every operation: its form shows any payload, and gives it back."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import orjson
import pytest

from libs.ocpp_messages.action import encode
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.schemas import Schema
from libs.ocpp_messages.version import Version
from services.console.forms import exact_json
from services.console.forms.commands import command_form, commands, operation_forms
from services.console.forms.form import Form
from services.console.forms.shape import plain
from services.device.operations.api import operations_api
from services.device.operations.model import OPERATIONS

from ..ocpp_messages.payloads import complete, examples
from ..rest import client_of
from .browser import page_of

COMMANDS = [(version, action) for version in Version for action in commands(version)]
every_command = pytest.mark.parametrize(("version", "action"), COMMANDS)

TEXT = "<script>\"&'é Ω\n🚗 it goes on" + " and on" * 100


def shortest(schema: Schema) -> Any:
    """What is required only."""
    match schema:
        case {"enum": [first, *_]}:
            return first
        case {"type": "object"}:
            return {name: shortest(schema["properties"][name]) for name in schema.get("required", ())}
        case {"type": "array"}:
            return [shortest(schema["items"]) for _ in range(schema.get("minItems", 0))]
        case {"type": "string"}:
            return text(schema, "x")
        case {"type": "boolean"}:
            return False
        case {"type": "integer" | "number"}:
            return max(schema.get("minimum", 0), 0)
    return None


def fullest(schema: Schema, which: int) -> Any:
    """Everything that is optional, an item more than is needed, and the first or last value of each enum."""
    match schema:
        case {"enum": values}:
            return values[which]
        case {"type": "object"} if "additionalProperties" not in schema:
            return {"vendorId": "org.example", "more": [1.50, None, {"<b>": "Ω"}]}
        case {"type": "object"}:
            return {name: fullest(part, which) for name, part in schema["properties"].items()}
        case {"type": "array"}:
            count = min(schema.get("minItems", 0) + 1, schema.get("maxItems", 2))
            return [fullest(schema["items"], which) for _ in range(count)]
        case {"type": "string"}:
            return text(schema, TEXT[: schema.get("maxLength", 1000)])
        case {"type": "boolean"}:
            return bool(which)
        case {"type": "integer"}:
            return schema.get("maximum" if which else "minimum", 7)
        case {"type": "number"}:
            limit = schema.get("maximum", 1_000_000) if which else schema.get("minimum", -1_000_000)
            return Decimal("0.1") if "multipleOf" in schema else Decimal(limit)
    return {"any": [True, {"JSON": "\0"}]}


def text(schema: Schema, plain_text: str) -> str:
    return {
        "date-time": "2030-01-31T13:45:00.123456+05:30",
        "uri": "https://example.com/log?a=1&b=2",
    }.get(schema.get("format", ""), plain_text)


def goes_through(form: Form, payload: Any) -> bytes:
    """Shows the payload, submits the form as it is, and returns what becomes of it."""
    payload = exact_json.read(encode(payload).decode())
    page = page_of(form.of(payload))
    submitted = form.submitted(page.pairs)

    assert submitted.payload == payload
    assert submitted.problems == form.of(payload).problems == []
    return submitted.json


@every_command
def test_the_shortest_and_the_fullest_payload_of_a_command_come_back(version: Version, action: str) -> None:
    schema = ACTIONS[version][action].request_validator.schema
    flat = plain(schema, schema)

    for payload in (shortest(flat), fullest(flat, 0), fullest(flat, -1)):
        sent = goes_through(command_form(version, action), payload)
        ACTIONS[version][action].request_validator.check(orjson.loads(sent))


@every_command
def test_any_payload_of_a_command_comes_back(version: Version, action: str) -> None:
    for payload in some(ACTIONS[version][action].request_validator.schema):
        goes_through(command_form(version, action), payload)


def some(schema: Schema) -> Iterator[Any]:
    yield from (payload for payload, _ in examples(schema, 2))
    yield from (payload for payload, _ in examples(complete(schema), 1))


async def test_the_shortest_and_the_fullest_body_of_every_operation_come_back() -> None:
    async with client_of(operations_api, None) as device:
        openapi = (await device.get("/openapi.json")).json()
    forms = operation_forms(openapi)

    assert list(forms) == list(OPERATIONS)
    for name, form in forms.items():
        schema = OPERATIONS[name].model_json_schema()
        flat = plain(schema, schema)
        for payload in (shortest(flat), fullest(flat, 0), fullest(flat, -1)):
            goes_through(form, payload)


def test_the_form_of_every_control_is_accessible() -> None:
    for version, action in COMMANDS:
        schema = ACTIONS[version][action].request_validator.schema
        page = page_of(command_form(version, action).of(fullest(plain(schema, schema), 0)))

        for tag, attributes in page.elements:
            assert not {"style", "onclick"} & set(attributes) and tag not in ("script", "style")
            if tag in ("input", "select", "textarea") and attributes.get("type") not in (
                "hidden",
                "checkbox",
            ):
                assert attributes["id"] in page.labelled
            for id in (attributes.get("aria-describedby") or "").split():
                assert page.texts[id].strip(), f"{id} says nothing"
