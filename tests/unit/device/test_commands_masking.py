"""Secrets in commands and their answers: sent in full, kept and shown never."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from libs.ocpp_messages.errors import ErrorCode
from libs.ocpp_messages.version import Version
from services.device.service import Device

from .operator import Operator

V16, V201, V21 = Version.V16, Version.V201, Version.V21
SECRET = "correct-horse-batter"
PIN = {"idToken": SECRET, "type": "KeyCode"}
PASSWORD = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "basicAuthPassword"}}
NETWORK = {
    "ocppInterface": "Wired0",
    "ocppTransport": "JSON",
    "ocppCsmsUrl": "wss://csms.example/ocpp",
    "messageTimeout": 30,
    "securityProfile": 1,
    "vpn": {"server": "s", "user": "u", "password": SECRET, "key": SECRET, "type": "IPSec"},
    "apn": {"apn": "a", "apnPassword": SECRET, "apnAuthentication": "PAP"},
}
URL = f"ftp://user:{SECRET}@files.example/fw.bin"


@pytest.mark.parametrize(
    ("version", "action", "payload"),
    [
        (V16, "ChangeConfiguration", {"key": "AuthorizationKey", "value": SECRET}),
        (V16, "GetDiagnostics", {"location": URL}),
        (V16, "DataTransfer", {"vendorId": "V", "data": json.dumps({"password": SECRET})}),
        (V201, "SetVariables", {"setVariableData": [PASSWORD | {"attributeValue": SECRET}]}),
        (
            V201,
            "SetNetworkProfile",
            {"configurationSlot": 1, "connectionData": {**NETWORK, "ocppVersion": "OCPP20"}},
        ),
        (V201, "RequestStartTransaction", {"remoteStartId": 1, "idToken": PIN, "groupIdToken": PIN}),
        (
            V201,
            "UpdateFirmware",
            {"requestId": 1, "firmware": {"location": URL, "retrieveDateTime": "2026-11-20T12:00:00Z"}},
        ),
        (
            V21,
            "SetNetworkProfile",
            {
                "configurationSlot": 1,
                "connectionData": {**NETWORK, "identity": "CS1", "basicAuthPassword": SECRET},
            },
        ),
    ],
)
async def test_a_secret_is_sent_in_full_and_stored_nowhere(
    operator: Operator, device: Device, version: Version, action: str, payload: dict[str, Any]
) -> None:
    await operator.connected(version)

    answer = await operator.post(action, payload, key="k1")

    assert answer.status_code == 202, answer.text
    command = await operator.next()
    assert json.loads(command.data) == payload
    kept = await device.commands.commands.get(command.message_id)
    assert kept is not None
    assert SECRET not in kept.model_dump_json() + answer.text
    assert "***" in kept.payload


async def test_secrets_in_answers_are_not_stored_either(operator: Operator) -> None:
    await operator.connected(V16)
    key = {"key": "AuthorizationKey", "readonly": False, "value": SECRET}
    open_ = {"key": "HeartbeatInterval", "readonly": False, "value": "300"}

    sent = await operator.post("GetConfiguration")
    await operator.answer(await operator.next(), {"configurationKey": [key, open_]})

    known = await operator.command(sent.json()["id"])
    assert known["response"] == {"configurationKey": [key | {"value": "***"}, open_]}


async def test_a_station_that_repeats_a_url_in_its_error_gives_nothing_away(operator: Operator) -> None:
    await operator.connected(V16)

    sent = await operator.post("GetDiagnostics", {"location": URL})
    await operator.refuse(await operator.next(), ErrorCode.INTERNAL_ERROR, f"no {URL}", url=URL)

    assert SECRET not in json.dumps(await operator.command(sent.json()["id"]))


async def test_an_answer_that_looks_like_the_beginnings_of_many_urls_takes_no_minutes(
    operator: Operator,
) -> None:
    await operator.connected()
    text = "a-" * 60_000

    sent = await operator.post("DataTransfer", {"vendorId": "V"})
    async with asyncio.timeout(3):
        await operator.answer(await operator.next(), {"status": "Accepted", "data": text})

    assert (await operator.command(sent.json()["id"]))["response"]["data"] == text


async def test_an_answer_too_long_to_keep_is_withheld(operator: Operator) -> None:
    await operator.connected()

    sent = await operator.post("DataTransfer", {"vendorId": "V"})
    await operator.answer(await operator.next(), {"status": "Accepted", "data": "x" * 800_000})

    known = await operator.command(sent.json()["id"])
    assert known["status"] == "answered"
    assert known["response"] == {"withheld": "longer than 700000 bytes"}
