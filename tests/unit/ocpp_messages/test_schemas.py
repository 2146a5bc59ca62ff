"""What the validators let pass and what they do not, where schemas and their readers are known to differ."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest

from libs.ocpp_messages import v16, v21, v201
from libs.ocpp_messages.action import Action, encode
from libs.ocpp_messages.errors import CallError, ErrorCode
from libs.ocpp_messages.schemas import schema
from libs.ocpp_messages.version import Version

TIME = "2025-01-01T00:00:00Z"

STATUS_16 = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
STATUS_2 = {"timestamp": TIME, "connectorStatus": "Available", "evseId": 1, "connectorId": 1}


@pytest.mark.parametrize("action", [v16.SetChargingProfile, v16.RemoteStartTransaction])
def test_a_limit_of_1_6_is_a_multiple_of_a_tenth(action: Action[Any, Any]) -> None:
    for tenths in range(2000):
        action.request_validator.check(profile(action, tenths / 10))
    for limit in (0.05, 16.25, 199.99, 0.1000001):
        with pytest.raises(CallError, match="limit: must be a multiple of 0.1") as caught:
            action.request_validator.check(profile(action, limit))
        assert caught.value.code is ErrorCode.PROPERTY_CONSTRAINT_VIOLATION


def test_a_limit_of_a_composite_schedule_is_a_multiple_of_a_tenth() -> None:
    def response(limit: float) -> dict[str, Any]:
        periods = [{"startPeriod": 0, "limit": limit}]
        return {
            "status": "Accepted",
            "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": periods},
        }

    for tenths in range(2000):
        v16.GetCompositeSchedule.response_validator.check(response(tenths / 10))
    with pytest.raises(CallError, match="multiple of 0.1"):
        v16.GetCompositeSchedule.response_validator.check(response(0.25))


def profile(action: Action[Any, Any], limit: float) -> dict[str, Any]:
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
        },
    }
    if action is v16.SetChargingProfile:
        return {"connectorId": 1, "csChargingProfiles": profile}
    return {"idTag": "A", "chargingProfile": profile}


TIMES = ["2025-01-01T00:00:00Z", "2025-01-01T00:00:00.123Z", "2025-01-01T00:00:00.123456789+02:00"]
TIMES += ["2016-12-31T23:59:60Z", "2025-01-01T00:00:00-00:30"]
NO_TIMES = [
    "",
    "yesterday",
    "2025-01-01",
    "2025-01-01T00:00:00",
    "2025-02-30T00:00:00Z",
    "2025-01-01T25:00:00Z",
]
NO_TIMES += ["1735689600", "2025-01-01T00:00:00+0200"]


@pytest.mark.parametrize("time", TIMES)
def test_a_time_is_accepted_with_any_fraction_and_offset(time: str) -> None:
    v16.StatusNotification.request_validator.check({**STATUS_16, "timestamp": time})
    v201.StatusNotification.request_validator.check({**STATUS_2, "timestamp": time})


@pytest.mark.parametrize("time", NO_TIMES)
def test_what_is_no_time_of_rfc_3339_is_refused(time: str) -> None:
    for action, payload in ((v16.StatusNotification, STATUS_16), (v201.StatusNotification, STATUS_2)):
        with pytest.raises(CallError, match="timestamp: is not a date-time"):
            action.request_validator.check({**payload, "timestamp": time})


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        (v16.SecurityEventNotification, {"type": "FirmwareUpdated", "timestamp": TIME}),
        (v16.LogStatusNotification, {"status": "Idle"}),
        (v16.SignedFirmwareStatusNotification, {"status": "Idle"}),
        (v16.StopTransaction, {"transactionId": -1, "meterStop": 5, "timestamp": TIME}),
        (v16.MeterValues, {"connectorId": 0, "meterValue": []}),
        (v16.MeterValues, {"connectorId": 1, "meterValue": [{"timestamp": TIME, "sampledValue": []}]}),
    ],
    ids=lambda part: str(part)[:40],
)
def test_what_the_schemas_leave_out_may_be_left_out(
    action: Action[Any, Any], payload: dict[str, Any]
) -> None:
    action.request_validator.check(payload)

    assert orjson.loads(encode(action.decode_request(orjson.dumps(payload)))) == payload


def test_both_1_6_messages_with_meter_values_know_hertz() -> None:
    sample = {"timestamp": TIME, "sampledValue": [{"value": "50", "measurand": "Frequency", "unit": "Hertz"}]}

    v16.MeterValues.request_validator.check({"connectorId": 1, "meterValue": [sample]})
    v16.StopTransaction.request_validator.check(
        {"transactionId": 1, "meterStop": 5, "timestamp": TIME, "transactionData": [sample]}
    )


def test_the_exi_response_has_the_official_length() -> None:
    assert (
        schema(Version.V201, "Get15118EVCertificateResponse")["properties"]["exiResponse"]["maxLength"]
        == 5600
    )


@pytest.mark.parametrize("action", [v201.StatusNotification, v21.StatusNotification])
def test_a_whole_number_may_be_written_with_a_fraction_in_2_x(action: Action[Any, Any]) -> None:
    payload = orjson.dumps({**STATUS_2, "evseId": 1.0})
    assert b'"evseId":1.0' in payload

    action.request_validator.check(orjson.loads(payload))

    assert repr(action.decode_request(payload).evse_id) == "1"


def test_an_integer_too_large_for_64_bits_is_refused() -> None:
    payload = orjson.loads(
        b'{"timestamp":"%b","connectorStatus":"Available","evseId":1%b,"connectorId":1}'
        % (TIME.encode(), b"0" * 30)
    )

    with pytest.raises(CallError, match="evseId: must not be greater than"):
        v201.StatusNotification.request_validator.check(payload)


def test_numbers_are_decimals_and_lose_nothing() -> None:
    data = (
        b'{"evseId":1,"meterValue":[{"sampledValue":[{"value":1234567.123456}],"timestamp":"%b"}]}'
        % TIME.encode()
    )

    request = v201.MeterValues.decode_request(data)

    assert request.meter_value[0].sampled_value[0].value == Decimal("1234567.123456")
    assert encode(request) == data


def test_custom_data_and_data_transfer_keep_their_names() -> None:
    opaque = {"vendorId": "x", "iso15118eMAID": None, "fooBAR": {"snake_case": [1, None, {"A_b": 0.1}]}}
    payload = {"vendorId": "x", "data": opaque, "customData": opaque}

    request = v201.DataTransfer.decode_request(orjson.dumps(payload))

    assert request.data == opaque
    assert orjson.loads(encode(request)) == payload


def test_a_property_of_2_1_is_refused_in_2_0_1() -> None:
    payload = {"idToken": {"idToken": "A", "type": "Central"}, "evse": {"id": 1}, "eventType": "Started"}
    payload |= {
        "timestamp": TIME,
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": "1"},
    }
    payload |= {"evseSleep": True}

    v21.TransactionEvent.request_validator.check(payload)
    with pytest.raises(CallError, match="evseSleep is not part of the message"):
        v201.TransactionEvent.request_validator.check(payload)
