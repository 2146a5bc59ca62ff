"""Operations by REST: the same words for stations of every version, and one shape of answers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import ErrorCode
from libs.ocpp_messages.version import Version
from services.device.operations.model import OPERATIONS

from .operation_messages import ANY, ASKED, AT, HEARTBEAT, PERIOD, UNKNOWN_16
from .operations import done, remote, same
from .operator import Operator

V16, V201, V21 = Version.V16, Version.V201, Version.V21


def test_every_operation_is_tried_here() -> None:
    assert {operation for operation, *_ in ASKED} == set(OPERATIONS)
    assert len(OPERATIONS) == 19


@pytest.mark.parametrize("version", list(Version))
async def test_an_operation_is_the_message_of_the_stations_version(
    operator: Operator, version: Version
) -> None:
    await operator.connected(version)
    for operation, body, in_16, in_2 in ASKED:
        await is_sent_as(operator, version, operation, body, *(in_16 if version is V16 else in_2))


async def is_sent_as(
    operator: Operator, version: Version, operation: str, body: Any, action: str, payload: Any
) -> None:
    accepted = await remote(operator, operation, body)

    assert accepted.status_code == 202, accepted.text
    shown = accepted.json()
    assert (shown["operation"], shown["action"], shown["status"]) == (operation, action, "pending")
    assert accepted.headers["Location"] == f"/commands/{shown['id']}"
    topic, command = operator.sent.get_nowait()
    sent = (await operator.command(shown["id"]))["payload"]
    assert (topic, command.message_id) == (f"{action}Request", shown["id"])
    assert same(sent, payload), sent
    ACTIONS[version][action].request_validator.check(sent)


@pytest.mark.parametrize(
    ("version", "operation", "body", "field"),
    [
        (V16, "unlock-connector", {}, "evseId"),
        (V201, "unlock-connector", {"connectorId": 1}, "connectorId"),
        (V16, "unlock-connector", {"evseId": 2, "connectorId": 3}, "connectorId"),
        (V16, "reset", {"evseId": 1}, "evseId"),
        (V16, "start-session", {"idToken": "T" * 21}, "idToken"),
        (V16, "stop-session", {"transactionId": "tx-1"}, "transactionId"),
        (V201, "trigger-message", {"requestedMessage": "StatusNotification"}, "evseId"),
        (V16, "trigger-message", {"requestedMessage": "TransactionEvent"}, "requestedMessage"),
        (V201, "get-configuration", {"names": ["A.B", "NoSuchThing"]}, "body.names.1: NoSuchThing"),
        (V21, "change-configuration", {"name": "NoSuchThing", "value": "1"}, "body.name: NoSuchThing"),
        (V16, "data-transfer", {"vendorId": "V", "data": {"a": 1}}, "data"),
        (V201, "update-firmware", {"location": "ftp://x", "signature": "s"}, "signingCertificate"),
        (
            V16,
            "reserve-now",
            {"idToken": "T", "expiryDateTime": AT, "connectorType": "cType2"},
            "connectorType",
        ),
        (V201, "reset", {"kind": "Immediate"}, "kind"),
    ],
)
async def test_what_a_version_cannot_express_is_refused_and_not_sent(
    operator: Operator, version: Version, operation: str, body: Any, field: str
) -> None:
    await operator.connected(version)

    refused = await remote(operator, operation, body)

    assert refused.status_code == 422
    assert field in refused.json()["detail"]
    assert operator.sent.empty()


@pytest.mark.parametrize("version", [V16, V21])
@pytest.mark.parametrize(
    "data", ['"\\ud800"', '{"\\ud800": 1}', "NaN", "[1e999]", "1" * 30, "[" * 300 + "]" * 300]
)
async def test_what_is_no_portable_json_is_not_sent(operator: Operator, version: Version, data: str) -> None:
    await operator.connected(version)

    refused = await operator.http.post(
        "/chargingstations/CS1/remote/data-transfer",
        content=f'{{"vendorId": "V", "data": {data}}}'.encode(),
        headers={"Content-Type": "application/json"},
    )

    assert refused.status_code == 422, refused.text
    assert "data" in refused.json()["detail"]
    assert operator.sent.empty()


async def test_what_is_too_long_for_a_command_is_too_long_for_an_operation(operator: Operator) -> None:
    await operator.connected()

    refused = await remote(operator, "data-transfer", {"vendorId": "V", "data": "x" * 300_000})

    assert refused.status_code == 413
    assert operator.sent.empty()


@pytest.mark.parametrize(
    ("operation", "response"),
    [("get-local-list-version", {"versionNumber": 1}), ("clear-cache", {"status": "Rejected"})],
)
async def test_an_answer_that_is_not_stored_is_no_acceptance(
    operator: Operator, operation: str, response: dict[str, Any]
) -> None:
    await operator.connected()
    too_long = {"customData": {"vendorId": "V", "blob": "x" * 800_000}}

    answered = await done(operator, operation, {}, response | too_long)

    assert answered["status"] == "error"
    assert "longer" in answered["error"]["description"]
    assert "stationStatus" not in answered and "result" not in answered


async def test_stations_that_no_operation_can_be_sent_to(operator: Operator) -> None:
    assert (await remote(operator, "clear-cache", {})).status_code == 404
    await operator.connected()
    assert (await remote(operator, "self-destruct", {})).status_code == 404
    await operator.away()
    assert (await remote(operator, "clear-cache", {})).status_code == 409
    assert operator.sent.empty()


@pytest.mark.parametrize(
    ("version", "operation", "body", "response", "status", "result"),
    [
        (V16, "reset", {}, {"status": "Accepted"}, "accepted", None),
        (V201, "reset", {}, {"status": "Scheduled"}, "scheduled", None),
        (V201, "unlock-connector", {"evseId": 1}, {"status": "Unlocked"}, "accepted", None),
        (V16, "unlock-connector", {"evseId": 1}, {"status": "UnlockFailed"}, "rejected", None),
        (V16, "unlock-connector", {"evseId": 1}, {"status": "NotSupported"}, "unsupported", None),
        (V16, "get-local-list-version", {}, {"listVersion": -1}, "unsupported", {"versionNumber": 0}),
        (V16, "get-local-list-version", {}, {"listVersion": 4}, "accepted", {"versionNumber": 4}),
        (V201, "get-local-list-version", {}, {"versionNumber": 4}, "accepted", {"versionNumber": 4}),
        (V16, "get-diagnostics", {"location": "ftp://x"}, {"fileName": "f"}, "accepted", {"fileName": "f"}),
        (V16, "get-diagnostics", {"location": "ftp://x"}, {}, "rejected", {}),
        (
            V201,
            "get-diagnostics",
            {"location": "ftp://x"},
            {"status": "AcceptedCanceled", "filename": "f"},
            "accepted",
            {"requestId": ANY, "fileName": "f"},
        ),
        (
            V201,
            "update-firmware",
            {"location": "ftp://x"},
            {"status": "Rejected"},
            "rejected",
            {"requestId": ANY},
        ),
        (
            V16,
            "get-configuration",
            {"names": ["HeartbeatInterval", "Odd", "LightIntensity"]},
            {
                "configurationKey": [
                    {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
                    {"key": "LightIntensity", "readonly": True},
                ],
                "unknownKey": ["Odd"],
            },
            "accepted",
            {
                "configuration": [
                    {
                        "name": "OCPPCommCtrlr.HeartbeatInterval",
                        "key": "HeartbeatInterval",
                        "status": "accepted",
                        "value": "300",
                        "readOnly": False,
                    },
                    {"name": UNKNOWN_16, "key": "LightIntensity", "status": "accepted", "readOnly": True},
                    {"name": "Configuration.Odd", "key": "Odd", "status": "unknown"},
                ]
            },
        ),
        (
            V201,
            "get-configuration",
            {"names": ["HeartbeatInterval", "EVSE:1.Power"]},
            {
                "getVariableResult": [
                    HEARTBEAT | {"attributeStatus": "Accepted", "attributeValue": "300"},
                    {
                        "component": {"name": "EVSE", "evse": {"id": 1}},
                        "variable": {"name": "Power"},
                        "attributeStatus": "UnknownVariable",
                    },
                ]
            },
            "accepted",
            {
                "configuration": [
                    {
                        "name": "OCPPCommCtrlr.HeartbeatInterval",
                        "key": "HeartbeatInterval",
                        "status": "accepted",
                        "value": "300",
                    },
                    {"name": "EVSE:1.Power", "status": "unknown"},
                ]
            },
        ),
        (
            V201,
            "change-configuration",
            {"name": "HeartbeatInterval", "value": "1"},
            {"setVariableResult": [HEARTBEAT | {"attributeStatus": "RebootRequired"}]},
            "accepted",
            None,
        ),
        (
            V16,
            "get-composite-schedule",
            {"evseId": 1, "duration": 60},
            {
                "status": "Accepted",
                "connectorId": 1,
                "scheduleStart": AT,
                "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [PERIOD]},
            },
            "accepted",
            {
                "schedule": {
                    "evseId": 1,
                    "duration": 60,
                    "chargingRateUnit": "A",
                    "scheduleStart": AT,
                    "chargingSchedulePeriod": [PERIOD],
                }
            },
        ),
        (V16, "data-transfer", {"vendorId": "V"}, {"status": "UnknownVendorId"}, "unsupported", None),
        (
            V21,
            "data-transfer",
            {"vendorId": "V", "data": [1]},
            {"status": "Accepted", "data": {"a": 1}},
            "accepted",
            {"data": {"a": 1}},
        ),
    ],
)
async def test_answers_of_every_version_have_one_shape(
    operator: Operator,
    version: Version,
    operation: str,
    body: Any,
    response: dict[str, Any],
    status: str,
    result: Any,
) -> None:
    await operator.connected(version)

    answered = await done(operator, operation, body, response)

    assert answered["status"] == status
    assert same(answered.get("result"), result), answered


async def test_a_callerror_is_unsupported_or_an_error(operator: Operator) -> None:
    await operator.connected()
    for code, status in ((ErrorCode.NOT_SUPPORTED, "unsupported"), (ErrorCode.INTERNAL_ERROR, "error")):
        posting = asyncio.create_task(remote(operator, "clear-cache", {}, wait=30))
        await operator.refuse(await operator.next(), code, "no")

        answered = (await posting).json()

        assert (answered["status"], answered["error"]["code"]) == (status, code.value)


async def test_the_same_key_is_the_same_operation(operator: Operator) -> None:
    await operator.connected()
    first, again = [await remote(operator, "start-session", {"idToken": "TAG"}, key="k") for _ in range(2)]
    other = await remote(operator, "start-session", {"idToken": "TOG"}, key="k")

    assert first.json()["id"] == again.json()["id"]
    assert operator.sent.qsize() == 1
    assert other.status_code == 422
