"""Violations of the schemas: found wherever they are, by which error code, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from libs.ocpp_messages import v16, v21, v201
from libs.ocpp_messages.action import Action
from libs.ocpp_messages.errors import CallError, ErrorCode

TIME = "2025-01-01T00:00:00Z"
SECRET = "hunter2-hunter2-hunter2-hunter2"

STATUS_16 = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
BOOT_16 = {"chargePointVendor": "Acme", "chargePointModel": "One"}
STATUS_2 = {"timestamp": TIME, "connectorStatus": "Available", "evseId": 1, "connectorId": 1}
BOOT_2 = {"reason": "PowerUp", "chargingStation": {"model": "One", "vendorName": "Acme"}}

Violation = tuple[Action[Any, Any], dict[str, Any], ErrorCode, str]

IN_16: list[Violation] = [
    (v16.BootNotification, {}, ErrorCode.PROTOCOL_ERROR, "the payload: chargePoint"),
    (
        v16.StatusNotification,
        {**STATUS_16, "x": SECRET},
        ErrorCode.FORMAT_VIOLATION,
        "x is not part of the message",
    ),
    (
        v16.StatusNotification,
        {**STATUS_16, "connectorId": SECRET},
        ErrorCode.TYPE_CONSTRAINT_VIOLATION,
        "integer",
    ),
    (
        v16.StatusNotification,
        {**STATUS_16, "connectorId": 1.5},
        ErrorCode.TYPE_CONSTRAINT_VIOLATION,
        "integer",
    ),
    (
        v16.StatusNotification,
        {**STATUS_16, "connectorId": True},
        ErrorCode.TYPE_CONSTRAINT_VIOLATION,
        "integer",
    ),
    (
        v16.StatusNotification,
        {**STATUS_16, "info": None},
        ErrorCode.TYPE_CONSTRAINT_VIOLATION,
        "info: must be string",
    ),
    (
        v16.StatusNotification,
        {**STATUS_16, "connectorId": 2**53},
        ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
        "greater",
    ),
    (
        v16.StatusNotification,
        {**STATUS_16, "connectorId": -(2**53)},
        ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
        "less",
    ),
    (
        v16.StatusNotification,
        {**STATUS_16, "status": SECRET},
        ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
        "Preparing",
    ),
    (
        v16.StatusNotification,
        {**STATUS_16, "status": "available"},
        ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
        "status",
    ),
    (
        v16.StatusNotification,
        {**STATUS_16, "timestamp": SECRET},
        ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
        "date-time",
    ),
    (
        v16.BootNotification,
        {**BOOT_16, "iccid": SECRET},
        ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
        "longer than 20",
    ),
    (v16.MeterValues, {"connectorId": 1}, ErrorCode.PROTOCOL_ERROR, "meterValue is missing"),
]

IN_2: list[Violation] = [
    (
        v201.BootNotification,
        {"reason": "PowerUp"},
        ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
        "chargingStation is",
    ),
    (
        v21.BootNotification,
        {"reason": "PowerUp"},
        ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
        "chargingStation is",
    ),
    (
        v201.StatusNotification,
        {**STATUS_2, "x": SECRET},
        ErrorCode.FORMAT_VIOLATION,
        "x is not part of the message",
    ),
    (
        v21.StatusNotification,
        {**STATUS_2, "x": SECRET},
        ErrorCode.FORMAT_VIOLATION,
        "x is not part of the message",
    ),
    (
        v201.StatusNotification,
        {**STATUS_2, "evseId": SECRET},
        ErrorCode.TYPE_CONSTRAINT_VIOLATION,
        "evseId: must be",
    ),
    (
        v201.StatusNotification,
        {**STATUS_2, "evseId": 1.5},
        ErrorCode.TYPE_CONSTRAINT_VIOLATION,
        "evseId: must be",
    ),
    (
        v201.StatusNotification,
        {**STATUS_2, "evseId": 2**53},
        ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
        "greater than",
    ),
    (
        v21.StatusNotification,
        {**STATUS_2, "evseId": -1},
        ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
        "less than 0",
    ),
    (
        v201.StatusNotification,
        {**STATUS_2, "timestamp": SECRET},
        ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
        "date-time",
    ),
    (
        v201.StatusNotification,
        {**STATUS_2, "connectorStatus": SECRET},
        ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
        "Occ",
    ),
    (
        v201.MeterValues,
        {"evseId": 1, "meterValue": []},
        ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
        "shorter than 1",
    ),
    (
        v201.BootNotification,
        {**BOOT_2, "customData": {}},
        ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
        "vendorId is",
    ),
    (
        v201.BootNotification,
        {"reason": "PowerUp", "chargingStation": {"model": SECRET, "vendorName": "Acme"}},
        ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
        "chargingStation.model: must not be longer than 20",
    ),
    (
        v201.MeterValues,
        {"evseId": 1, "meterValue": [{"timestamp": TIME, "sampledValue": [{"value": SECRET}]}]},
        ErrorCode.TYPE_CONSTRAINT_VIOLATION,
        "meterValue.0.sampledValue.0.value: must be number",
    ),
    (
        v201.NotifyEvent,
        {"generatedAt": TIME, "seqNo": 0, "eventData": [{"eventId": SECRET}] * 5000},
        ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
        "eventData.0: timestamp is missing",
    ),
]


@pytest.mark.parametrize(("action", "payload", "code", "words"), IN_16 + IN_2)
def test_a_violation_is_named_with_its_place_and_without_the_value(
    action: Action[Any, Any], payload: dict[str, Any], code: ErrorCode, words: str
) -> None:
    with pytest.raises(CallError) as caught:
        action.request_validator.check(payload)

    assert caught.value.code is code
    assert words in caught.value.description
    assert SECRET not in str(caught.value)
    assert SECRET not in str(caught.value.__context__)
    assert len(caught.value.description) <= 255


@pytest.mark.parametrize("payload", [None, [], "text", 5, True], ids=repr)
def test_a_payload_is_an_object(payload: Any) -> None:
    with pytest.raises(CallError, match="the payload: must be object") as caught:
        v201.Heartbeat.response_validator.check(payload)

    assert caught.value.code is ErrorCode.TYPE_CONSTRAINT_VIOLATION


def test_the_other_spelling_of_1_6_appears_on_the_wire_only() -> None:
    with pytest.raises(CallError) as caught:
        v16.StatusNotification.request_validator.check({**STATUS_16, "x": 1})

    assert caught.value.code.of(v16.StatusNotification.version) == "FormationViolation"
