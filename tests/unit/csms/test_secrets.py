"""Every secret that an OCPP payload can hold, in every place where payloads are kept, shown or logged."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from libs.csms.secrets import (
    HIDDEN,
    is_secret_token_type,
    masked,
    masked_frame,
    masked_json,
    masked_text,
    may_hold_secret,
    secrets_in,
    without,
)
from libs.ocpp_messages.errors import CallError

SECRET = "9Q7-horse-battery"
URL = f"ftp://user:{SECRET}@files.example/fw.bin"


def variable(name: str, **fields: Any) -> dict[str, Any]:
    return {"component": {"name": "NetworkConfiguration"}, "variable": {"name": name}, **fields}


SECRETS: list[dict[str, Any]] = [
    {"idToken": {"idToken": SECRET, "type": "KeyCode"}},
    {"groupIdToken": {"idToken": SECRET, "type": "keycode"}},
    {"idToken": {"idToken": "1", "type": "KeyCode", "additionalInfo": [{"additionalIdToken": SECRET}]}},
    {"key": "AuthorizationKey", "value": SECRET},
    {"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": SECRET}]},
    {"setVariableData": [variable("BasicAuthPassword", attributeValue=SECRET)]},
    {"reportData": [variable("ApnPassword", variableAttribute=[{"value": SECRET}])]},
    {"reportData": [variable("ApnSimPin", variableAttribute=[{"value": SECRET}])]},
    {"reportData": [variable("VpnKey", variableAttribute=[{"value": SECRET}])]},
    {"reportData": [variable("VpnPassword", variableAttribute=[{"value": SECRET}])]},
    {"reportData": [variable("Door", variableAttribute=[{"value": SECRET, "mutability": "WriteOnly"}])]},
    {"eventData": [variable("basicauthpassword", actualValue=SECRET)]},
    {"connectionData": {"basicAuthPassword": SECRET}},
    {"connectionData": {"vpn": {"server": "s", "user": "u", "password": SECRET}}},
    {"connectionData": {"vpn": {"server": "s", "user": "u", "key": SECRET}}},
    {"connectionData": {"apn": {"apn": "a", "apnPassword": SECRET}}},
    {"connectionData": {"apn": {"apn": "a", "simPin": SECRET}}},
    {"customData": {"vendorId": "V", "passphrase": SECRET}},
    {"customData": {"vendorId": "V", "clientSecret": SECRET}},
    {"customData": {"vendorId": "V", "privateKey": SECRET}},
    {"customData": {"vendorId": "V", "pin": SECRET}},
    {"vendorId": "V", "data": json.dumps({"password": SECRET})},
    {"vendorId": "V", "data": json.dumps({"type": "KeyCode", "id": SECRET})},
    {"vendorId": "V", "data": json.dumps({"pin": SECRET})},
    {"vendorId": "V", "data": {"token": {"idToken": SECRET, "type": "KeyCode"}}},
]
"""Where the secret stands beside a word that gives it away, also in data that nobody could decode."""

URLS: list[dict[str, Any]] = [{"location": URL}, {"reportData": [variable("Url", value=URL)]}, {"text": URL}]


@pytest.mark.parametrize("payload", SECRETS + URLS)
def test_messages_and_commands_are_kept_without_secrets(payload: dict[str, Any]) -> None:
    assert SECRET not in masked_json(payload)
    assert HIDDEN in masked_json(payload)


@pytest.mark.parametrize("payload", SECRETS)
def test_dead_letters_with_secrets_are_withheld(payload: dict[str, Any]) -> None:
    assert may_hold_secret(json.dumps(payload))


@pytest.mark.parametrize("payload", URLS)
def test_dead_letters_have_no_passwords_in_urls(payload: dict[str, Any]) -> None:
    assert SECRET not in masked_text(json.dumps(payload))


@pytest.mark.parametrize("payload", SECRETS + URLS)
def test_frames_in_the_debug_log_show_no_secrets_wherever_they_are_cut(payload: dict[str, Any]) -> None:
    frame = json.dumps([2, "1", "Action", payload])

    for length in range(len(frame) + 1):
        assert SECRET[:2] not in masked_frame(frame[:length]), frame[:length]
    assert masked_frame(frame).startswith('[2, "1", "Action", {"')


@pytest.mark.parametrize(
    "payload",
    [
        {"idToken": {"idToken": "04A2B3", "type": "ISO14443"}},
        {"key": "HeartbeatInterval", "value": "300"},
        {"reportData": [variable("Interval", variableAttribute=[{"value": "3", "mutability": "ReadWrite"}])]},
        {"location": "ftp://user@files.example:21/fw.bin"},
        {"vendorId": "V", "data": "spinning keyboards"},
        {"apn": {"key": "value"}, "numbers": [1, 2.5, None, True]},
        {"variableMonitoring": [{"value": 5}], **variable("BasicAuthPassword")},
    ],
)
def test_what_is_no_secret_stays_as_it_is(payload: dict[str, Any]) -> None:
    assert masked(payload) == payload


def test_a_payload_nested_too_deeply_is_refused() -> None:
    payload: Any = "x"
    for _ in range(101):
        payload = [payload]

    with pytest.raises(CallError, match="nested too deeply"):
        masked(payload)


@pytest.mark.parametrize("part", ["a-", '"a":', '"key":"', "keycod", "a://b:", "a://", "\\", '"a" ', "pin"])
async def test_a_text_of_a_megabyte_is_read_in_one_go(part: str) -> None:
    text = part * (1_000_000 // len(part))

    async with asyncio.timeout(5):
        for read in (masked_text, masked_frame, may_hold_secret, lambda text: masked({"data": text})):
            await asyncio.to_thread(read, text)


@pytest.mark.parametrize(
    ("type_", "is_secret"), [("KeyCode", True), ("keycode", True), ("ISO14443", False), (None, False)]
)
def test_the_text_of_a_key_code_is_the_only_token_that_is_a_secret(
    type_: str | None, is_secret: bool
) -> None:
    assert is_secret_token_type(type_) is is_secret


@pytest.mark.parametrize("payload", SECRETS + URLS)
def test_what_repeats_a_payload_in_any_words_is_shown_without_its_secrets(payload: dict[str, Any]) -> None:
    secrets = secrets_in(payload)
    repeated = {"text": f"what is {json.dumps(payload)}?", "list": [json.dumps(json.dumps(payload))], "n": 1}

    shown = without(secrets, repeated)

    assert SECRET in str(repeated)
    assert SECRET not in str(shown)
    assert shown["n"] == 1


def test_a_payload_without_secrets_changes_nothing_that_repeats_it() -> None:
    assert secrets_in({"idToken": {"idToken": "04A1B2", "type": "ISO14443"}, "text": "x", "n": [1]}) == set()
    assert secrets_in({"idToken": {"idToken": "", "type": "KeyCode"}}) == set()


@pytest.mark.parametrize("type", [4, 5])
def test_what_an_error_frame_says_is_not_in_the_debug_log(type: int) -> None:
    frame = json.dumps([type, "1", "InternalError", f'"{SECRET}" is too short', {}])

    for end in range(len(frame)):
        assert SECRET[:4] not in masked_frame(frame[:end])
    assert masked_frame(frame) == f'[{type}, "1", "InternalError", "…", {{}}]'
