"""Operations by REST: the same words for stations of every version, and one shape of answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from libs.csms.clock import rfc3339
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.errors import ErrorCode
from libs.ocpp_messages.event import TRANSACTION_STARTED, TransactionStarted
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.device.remote.operation import OPERATIONS
from services.device.service import Device, router

from .operator import Operator, operating
from .station import NOW, StoppedClock

V16, V201, V21 = Version.V16, Version.V201, Version.V21
ANY = object()
"""A number that the CSMS makes."""

AT = "2030-01-01T00:00:00.000Z"
TOKEN = {"idToken": "TAG", "type": "ISO14443"}
PERIOD = {"startPeriod": 0, "limit": 6.5}
PROFILE: dict[str, Any] = {
    "id": 7,
    "stackLevel": 1,
    "chargingProfilePurpose": "ChargingStationMaxProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "startSchedule": AT,
        "chargingSchedulePeriod": [PERIOD],
    },
}
SCHEDULE_16 = {"chargingRateUnit": "A", "startSchedule": AT, "chargingSchedulePeriod": [PERIOD]}
PROFILE_16 = {
    "chargingProfileId": 7,
    "stackLevel": 1,
    "chargingProfilePurpose": "ChargePointMaxProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": SCHEDULE_16,
}
PROFILE_2 = PROFILE | {"chargingSchedule": [PROFILE["chargingSchedule"] | {"id": 7}]}
HEARTBEAT = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
UNKNOWN_16 = "Configuration.LightIntensity"

ASKED: list[tuple[str, dict[str, Any], tuple[str, dict[str, Any]], tuple[str, dict[str, Any]]]] = [
    (
        "start-session",
        {"idToken": "TAG", "evseId": 2},
        ("RemoteStartTransaction", {"idTag": "TAG", "connectorId": 2}),
        ("RequestStartTransaction", {"idToken": TOKEN, "remoteStartId": ANY, "evseId": 2}),
    ),
    (
        "start-session",
        {"idToken": {"idToken": "TAG", "type": "eMAID"}, "groupIdToken": {"idToken": "G", "type": "Central"}},
        ("RemoteStartTransaction", {"idTag": "TAG"}),
        (
            "RequestStartTransaction",
            {
                "idToken": {"idToken": "TAG", "type": "eMAID"},
                "remoteStartId": ANY,
                "groupIdToken": {"idToken": "G", "type": "Central"},
            },
        ),
    ),
    (
        "stop-session",
        {"transactionId": 17},
        ("RemoteStopTransaction", {"transactionId": 17}),
        ("RequestStopTransaction", {"transactionId": "17"}),
    ),
    (
        "stop-session",
        {"transactionId": "17"},
        ("RemoteStopTransaction", {"transactionId": 17}),
        ("RequestStopTransaction", {"transactionId": "17"}),
    ),
    (
        "unlock-connector",
        {"evseId": 2},
        ("UnlockConnector", {"connectorId": 2}),
        ("UnlockConnector", {"evseId": 2, "connectorId": 1}),
    ),
    ("reset", {"type": "Immediate"}, ("Reset", {"type": "Hard"}), ("Reset", {"type": "Immediate"})),
    ("reset", {}, ("Reset", {"type": "Soft"}), ("Reset", {"type": "OnIdle"})),
    (
        "change-availability",
        {"operationalStatus": "Inoperative"},
        ("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}),
        ("ChangeAvailability", {"operationalStatus": "Inoperative"}),
    ),
    (
        "change-availability",
        {"operationalStatus": "Operative", "evseId": 1, "connectorId": 1},
        ("ChangeAvailability", {"connectorId": 1, "type": "Operative"}),
        ("ChangeAvailability", {"operationalStatus": "Operative", "evse": {"id": 1, "connectorId": 1}}),
    ),
    (
        "get-configuration",
        {"names": ["HeartbeatInterval", "OCPPCommCtrlr.HeartbeatInterval"]},
        ("GetConfiguration", {"key": ["HeartbeatInterval", "HeartbeatInterval"]}),
        ("GetVariables", {"getVariableData": [HEARTBEAT, HEARTBEAT]}),
    ),
    (
        "get-configuration",
        {},
        ("GetConfiguration", {}),
        ("GetBaseReport", {"requestId": ANY, "reportBase": "ConfigurationInventory"}),
    ),
    (
        "change-configuration",
        {"name": "OCPPCommCtrlr.HeartbeatInterval", "value": "60"},
        ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}),
        ("SetVariables", {"setVariableData": [HEARTBEAT | {"attributeValue": "60"}]}),
    ),
    (
        "change-configuration",
        {"key": "HeartbeatInterval", "value": "60"},
        ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}),
        ("SetVariables", {"setVariableData": [HEARTBEAT | {"attributeValue": "60"}]}),
    ),
    ("clear-cache", {}, ("ClearCache", {}), ("ClearCache", {})),
    (
        "trigger-message",
        {"requestedMessage": "StatusNotification", "evseId": 1},
        ("TriggerMessage", {"requestedMessage": "StatusNotification", "connectorId": 1}),
        ("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": 1, "connectorId": 1}}),
    ),
    (
        "trigger-message",
        {"requestedMessage": "LogStatusNotification"},
        ("ExtendedTriggerMessage", {"requestedMessage": "LogStatusNotification"}),
        ("TriggerMessage", {"requestedMessage": "LogStatusNotification"}),
    ),
    (
        "get-diagnostics",
        {"location": "ftp://x/y", "oldestTimestamp": AT},
        ("GetDiagnostics", {"location": "ftp://x/y", "startTime": AT}),
        (
            "GetLog",
            {
                "logType": "DiagnosticsLog",
                "requestId": ANY,
                "log": {"remoteLocation": "ftp://x/y", "oldestTimestamp": AT},
            },
        ),
    ),
    (
        "update-firmware",
        {"location": "ftp://x/y", "retrieveDateTime": AT},
        ("UpdateFirmware", {"location": "ftp://x/y", "retrieveDate": AT}),
        ("UpdateFirmware", {"requestId": ANY, "firmware": {"location": "ftp://x/y", "retrieveDateTime": AT}}),
    ),
    (
        "reserve-now",
        {"idToken": "TAG", "expiryDateTime": AT, "evseId": 1, "groupIdToken": "G"},
        (
            "ReserveNow",
            {
                "connectorId": 1,
                "expiryDate": AT,
                "idTag": "TAG",
                "parentIdTag": "G",
                "reservationId": ANY,
            },
        ),
        (
            "ReserveNow",
            {
                "id": ANY,
                "expiryDateTime": AT,
                "idToken": TOKEN,
                "evseId": 1,
                "groupIdToken": {"idToken": "G", "type": "Central"},
            },
        ),
    ),
    (
        "cancel-reservation",
        {"reservationId": 5},
        ("CancelReservation", {"reservationId": 5}),
        ("CancelReservation", {"reservationId": 5}),
    ),
    (
        "send-local-list",
        {
            "versionNumber": 3,
            "updateType": "Differential",
            "localAuthorizationList": [
                {"idToken": "TAG", "idTokenInfo": {"status": "NoCredit", "groupIdToken": "G"}},
                {"idToken": "OUT"},
            ],
        },
        (
            "SendLocalList",
            {
                "listVersion": 3,
                "updateType": "Differential",
                "localAuthorizationList": [
                    {"idTag": "TAG", "idTagInfo": {"status": "Invalid", "parentIdTag": "G"}},
                    {"idTag": "OUT"},
                ],
            },
        ),
        (
            "SendLocalList",
            {
                "versionNumber": 3,
                "updateType": "Differential",
                "localAuthorizationList": [
                    {
                        "idToken": TOKEN,
                        "idTokenInfo": {
                            "status": "NoCredit",
                            "groupIdToken": {"idToken": "G", "type": "Central"},
                        },
                    },
                    {"idToken": {"idToken": "OUT", "type": "ISO14443"}},
                ],
            },
        ),
    ),
    ("get-local-list-version", {}, ("GetLocalListVersion", {}), ("GetLocalListVersion", {})),
    (
        "set-charging-profile",
        {"chargingProfile": PROFILE},
        ("SetChargingProfile", {"connectorId": 0, "csChargingProfiles": PROFILE_16}),
        ("SetChargingProfile", {"evseId": 0, "chargingProfile": PROFILE_2}),
    ),
    (
        "clear-charging-profile",
        {"evseId": 1, "chargingProfilePurpose": "ChargingStationMaxProfile"},
        ("ClearChargingProfile", {"connectorId": 1, "chargingProfilePurpose": "ChargePointMaxProfile"}),
        (
            "ClearChargingProfile",
            {
                "chargingProfileCriteria": {
                    "evseId": 1,
                    "chargingProfilePurpose": "ChargingStationMaxProfile",
                }
            },
        ),
    ),
    (
        "get-composite-schedule",
        {"evseId": 1, "duration": 600, "chargingRateUnit": "W"},
        ("GetCompositeSchedule", {"connectorId": 1, "duration": 600, "chargingRateUnit": "W"}),
        ("GetCompositeSchedule", {"evseId": 1, "duration": 600, "chargingRateUnit": "W"}),
    ),
    (
        "data-transfer",
        {"vendorId": "V", "messageId": "M", "data": "D"},
        ("DataTransfer", {"vendorId": "V", "messageId": "M", "data": "D"}),
        ("DataTransfer", {"vendorId": "V", "messageId": "M", "data": "D"}),
    ),
]


@pytest.fixture
async def operator(device: Device, clock: StoppedClock) -> AsyncIterator[Operator]:
    async with operating(device, clock) as operator:
        yield operator


async def remote(operator: Operator, operation: str, body: Any, **options: Any) -> httpx.Response:
    key = options.pop("key", None)
    return await operator.http.post(
        f"/chargingstations/CS1/remote/{operation}",
        json=body,
        params={"wait": 0} | options,
        headers={"Idempotency-Key": key} if key else {},
    )


async def done(operator: Operator, operation: str, body: Any, response: dict[str, Any]) -> Any:
    """What the API says after this response of the station."""
    posting = asyncio.create_task(remote(operator, operation, body, wait=0.2))
    await operator.answer(await operator.next(), response)
    answer = await posting
    assert answer.status_code == 200, answer.text
    return answer.json()


def same(told: Any, expected: Any) -> bool:
    match expected:
        case dict():
            return told.keys() == expected.keys() and all(same(told[name], expected[name]) for name in told)
        case list():
            return len(told) == len(expected) and all(map(same, told, expected))
    return isinstance(told, int) and 0 < told < 2**31 if expected is ANY else bool(told == expected)


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
    told = (await operator.command(shown["id"]))["payload"]
    assert (topic, command.message_id) == (f"{action}Request", shown["id"])
    assert same(told, payload), told
    ACTIONS[version][action].request_validator.check(told)


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
async def test_what_a_version_cannot_express_is_said_and_not_sent(
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
async def test_what_is_no_json_of_others_is_not_sent(operator: Operator, version: Version, data: str) -> None:
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
async def test_an_answer_that_is_not_kept_is_no_acceptance(
    operator: Operator, operation: str, response: dict[str, Any]
) -> None:
    await operator.connected()
    too_long = {"customData": {"vendorId": "V", "blob": "x" * 800_000}}

    answered = await done(operator, operation, {}, response | too_long)

    assert answered["status"] == "error"
    assert "longer" in answered["error"]["description"]
    assert "stationStatus" not in answered and "result" not in answered


async def test_whom_nothing_can_be_asked(operator: Operator) -> None:
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


async def started(operator: Operator, at_minute: int = 0, **told: Any) -> None:
    """The transaction service tells of a start."""
    started_at = rfc3339(NOW + timedelta(minutes=at_minute))
    event = TransactionStarted(
        id=f"CS1:{told.get('transaction_id', 'tx')}", started_at=started_at, **{"transaction_id": "tx"} | told
    )
    message = Message(
        data=encode(event),
        message_id=event.id,
        station_id="CS1",
        action=TRANSACTION_STARTED.name,
        kind=Kind.EVENT,
        origin=Direction.FROM_STATION,
        sent_at=started_at,
    )
    await router.handle(message, operator, operator.device, operator.clock)  # type: ignore[arg-type]


@pytest.mark.parametrize("version", list(Version))
async def test_start_session_answers_with_the_transaction_that_began(
    operator: Operator, version: Version
) -> None:
    await operator.connected(version)
    posting = asyncio.create_task(remote(operator, "start-session", {"idToken": "TAG", "evseId": 1}, wait=30))
    command = await operator.next()
    asked = (await operator.command(command.message_id))["payload"]

    await started(operator, id_token="OTHER", connector_id=1, remote_start_id=None, transaction_id="other")
    await started(
        operator,
        id_token="tag",
        connector_id=1,
        remote_start_id=asked.get("remoteStartId"),
        transaction_id="7",
    )
    await started(operator, id_token="TAG", connector_id=1, transaction_id="8")
    await operator.answer(command, {"status": "Accepted"})
    answered = (await posting).json()

    assert answered["status"] == "accepted"
    assert answered["result"]["transaction"]["id"] == "CS1:7"
    assert answered["result"]["transaction"]["transactionId"] == "7"
    assert (await operator.command(command.message_id))["transaction"]["transactionId"] == "7"


@pytest.mark.parametrize("version", list(Version))
async def test_a_rejected_start_waits_for_no_transaction(operator: Operator, version: Version) -> None:
    await operator.connected(version)
    posting = asyncio.create_task(remote(operator, "start-session", {"idToken": "TAG"}, wait=30))
    await operator.answer(await operator.next(), {"status": "Rejected"})

    async with asyncio.timeout(3):
        answered = (await posting).json()

    assert answered["status"] == "rejected"
    await started(operator, id_token="TAG", connector_id=1)
    assert "transaction" not in await operator.command(answered["id"])


async def test_a_start_that_is_told_again_does_not_come_from_an_earlier_remote_start(
    operator: Operator,
) -> None:
    await operator.connected(V16)
    earlier, later = [
        await done(operator, "start-session", {"idToken": "TAG"}, {"status": "Accepted"}) for _ in range(2)
    ]
    for _ in range(2):
        await started(operator, id_token="TAG", connector_id=1)

    led_to = ["transaction" in await operator.command(one["id"]) for one in (earlier, later)]
    assert sorted(led_to) == [False, True]


@pytest.mark.parametrize("minutes", [-1, 30])
async def test_a_session_at_another_time_does_not_come_from_the_remote_start(
    operator: Operator, minutes: int
) -> None:
    await operator.connected(V16)
    answered = await done(operator, "start-session", {"idToken": "TAG"}, {"status": "Accepted"})

    await started(operator, at_minute=minutes, id_token="TAG", connector_id=1)

    assert "transaction" not in await operator.command(answered["id"])
