from __future__ import annotations

from typing import Any

import httpx
import pytest

from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.event import MessageRefused
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.device.app import router
from services.device.messages.data_transfer import Reply, Transfer, data_transfer
from services.device.service import Device

from .station import Csms, after
from .test_device_model import listed

pytestmark = pytest.mark.usefixtures("registered")

V16, V201, V21 = Version.V16, Version.V201, Version.V21
AT = "2026-11-20T11:00:00Z"
HASH = {"hashAlgorithm": "SHA256", "issuerNameHash": "a", "issuerKeyHash": "b", "serialNumber": "1"}
TOKEN = {"idToken": "4711", "type": "KeyCode"}
BATTERY = {"evseId": 1, "serialNumber": "B", "soC": 50, "soH": 90.5}
STREAM = {"id": 3, "params": {"interval": 60}, "variableMonitoringId": 9}
NOT_ENABLED = {"reasonCode": "NotEnabled", "additionalInfo": "the CSMS has no certificate authority"}

ACKNOWLEDGED: list[tuple[Version, str, dict[str, Any]]] = [
    (V16, "SecurityEventNotification", {"type": "Tamper", "timestamp": AT}),
    (V201, "SecurityEventNotification", {"type": "Tamper", "timestamp": AT, "techInfo": "door"}),
    (V201, "NotifyDisplayMessages", {"requestId": 1, "tbc": True}),
    (V21, "NotifyDERAlarm", {"controlType": "LFMustTrip", "timestamp": AT}),
    (V21, "NotifyDERStartStop", {"controlId": "c", "started": True, "timestamp": AT}),
    (V21, "ReportDERControl", {"requestId": 2}),
    (V21, "ClosePeriodicEventStream", {"id": 3}),
]


@pytest.mark.parametrize(("version", "action", "payload"), ACKNOWLEDGED)
async def test_messages_of_a_station_can_be_read_as_received(
    csms: Csms, client: httpx.AsyncClient, version: Version, action: str, payload: dict[str, Any]
) -> None:
    assert await csms.call(action, payload, version=version) == {}

    assert await listed(client, "messages", action=action) == [
        {
            "stationId": "CS1",
            "action": action,
            "ocppVersion": version.value,
            "receivedAt": "2026-11-20T12:00:00.000Z",
            "payload": payload,
        }
    ]


async def test_the_same_message_sent_again_is_kept_once(csms: Csms, client: httpx.AsyncClient) -> None:
    await csms.call("SecurityEventNotification", {"type": "Tamper", "timestamp": AT})
    await csms.call("SecurityEventNotification", {"type": "Tamper", "timestamp": AT}, at=after(30))
    await csms.call("ReportDERControl", {"requestId": 2}, version=V21)
    await csms.call("ReportDERControl", {"requestId": 2}, version=V21, at=after(30))

    received = [(one["action"], one["receivedAt"][17:19]) for one in await listed(client, "messages")]
    assert received == [
        ("ReportDERControl", "30"),
        ("SecurityEventNotification", "00"),
        ("ReportDERControl", "00"),
    ]


async def test_messages_are_found_by_time_and_report(csms: Csms, client: httpx.AsyncClient) -> None:
    for seconds, request_id in enumerate([1, 2, 2]):
        payload = {"requestId": request_id, "tbc": True}
        await csms.call("NotifyDisplayMessages", payload, at=after(seconds))

    assert len(await listed(client, "messages", **{"from": "2026-11-20T12:00:01Z"})) == 2
    assert len(await listed(client, "messages", action="NotifyDisplayMessages", requestId=2)) == 2
    refused = await client.get("/chargingstations/CS1/messages", params={"requestId": 2})
    assert refused.status_code == 422


async def test_custom_data_is_stored_unchanged(csms: Csms, client: httpx.AsyncClient) -> None:
    custom = {"vendorId": "V", "snake_case": {"iso15118eMAID": [1, 2.5, None, {"": "é"}], "x": None}}
    payload = {"requestId": 2, "customData": custom}
    await csms.call("ReportDERControl", payload, version=V21)

    [message] = await listed(client, "messages")
    assert message["payload"] == payload


async def test_a_payload_that_is_nested_too_deeply_is_refused(csms: Csms, device: Device) -> None:
    nested: dict[str, Any] = {}
    for _ in range(200):
        nested = {"deeper": nested}
    payload = {"requestId": 2, "customData": {"vendorId": "V", **nested}}

    response = await csms.call("ReportDERControl", payload, version=V21)

    assert response == {"errorCode": "FormatViolation"}
    assert await device.messages.log.messages.count({}) == 0


async def test_a_pin_is_hidden(csms: Csms, client: httpx.AsyncClient) -> None:
    swap = {"eventType": "BatteryIn", "requestId": 1, "idToken": TOKEN, "batteryData": [BATTERY]}
    assert await csms.call("BatterySwap", swap, version=V21) == {}

    [message] = await listed(client, "messages")
    assert message["payload"] == swap | {"idToken": {"idToken": "***", "type": "KeyCode"}}


async def test_customer_information_is_put_together_in_the_order_of_its_parts(
    csms: Csms, client: httpx.AsyncClient
) -> None:
    parts = enumerate(["Anna ", "Berg, ", "since 2020"])
    for number, text in sorted(parts, key=lambda part: -part[0]):
        payload = {"requestId": 4, "seqNo": number, "data": text, "generatedAt": AT, "tbc": number < 2}
        assert await csms.call("NotifyCustomerInformation", payload) == {}

    response = await client.get("/chargingstations/CS1/customerinformation/4")
    assert (response.json()["status"], response.json()["text"]) == ("complete", "Anna Berg, since 2020")
    assert (await client.get("/chargingstations/CS1/customerinformation/5")).status_code == 404


async def test_a_certificate_is_not_promised_without_an_authority(csms: Csms) -> None:
    assert await csms.call("SignCertificate", {"csr": "PEM"}, version=V16) == {"status": "Rejected"}
    for version in (V201, V21):
        answer = await csms.call("SignCertificate", {"csr": "PEM"}, version=version)
        assert answer == {"status": "Rejected", "statusInfo": NOT_ENABLED}


async def test_requests_about_certificates_are_answered_without_asking_another_server(csms: Csms) -> None:
    ocsp = {"ocspRequestData": {**HASH, "responderURL": "http://169.254.169.254/"}}
    contract = {"iso15118SchemaVersion": "urn:iso", "action": "Install", "exiRequest": "AAAA"}
    chain = {"certificateHashData": HASH, "source": "OCSP", "urls": ["http://169.254.169.254/"]}

    for version in (V201, V21):
        status = await csms.call("GetCertificateStatus", ocsp, version=version)
        issued = await csms.call("Get15118EVCertificate", contract, version=version)
        assert status == {"status": "Failed", "statusInfo": NOT_ENABLED}
        assert issued == {"status": "Failed", "exiResponse": "", "statusInfo": NOT_ENABLED}
    answer = await csms.call("GetCertificateChainStatus", {"certificateStatusRequests": [chain]}, version=V21)
    assert answer["certificateStatus"] == [
        {
            "certificateHashData": HASH,
            "source": "OCSP",
            "status": "Failed",
            "nextUpdate": "2026-11-21T12:00:00.000Z",
        }
    ]


async def test_a_stream_is_open_until_it_is_closed_in_any_order_of_messages(
    csms: Csms, client: httpx.AsyncClient
) -> None:
    await csms.call("ClosePeriodicEventStream", {"id": 3}, version=V21, at=after(60))
    opened = await csms.call("OpenPeriodicEventStream", {"constantStreamData": STREAM}, version=V21)
    [closed_stream] = await listed(client, "eventstreams")
    await csms.call("OpenPeriodicEventStream", {"constantStreamData": STREAM}, version=V21, at=after(90))
    [open_stream] = await listed(client, "eventstreams")

    assert opened == {"status": "Accepted"}
    assert (closed_stream["isOpen"], closed_stream["variableMonitoringId"]) == (False, 9)
    assert (open_stream["isOpen"], open_stream["interval"]) == (True, 60)


@data_transfer("com.example.Tests", "Echo")
async def echo(transfer: Transfer, device: Device) -> Reply:
    return Reply("Accepted", {"got": transfer.data, "station": transfer.station_id})


@pytest.mark.parametrize("version", [V16, V201, V21])
async def test_a_data_transfer_is_answered_by_the_function_of_its_vendor_and_message(
    csms: Csms, client: httpx.AsyncClient, version: Version
) -> None:
    payload = {"vendorId": "COM.example.tests", "messageId": "echo", "data": "hello"}
    answer = await csms.call("DataTransfer", payload, version=version)

    as_text = '{"got":"hello","station":"CS1"}'
    expected = as_text if version is V16 else {"got": "hello", "station": "CS1"}
    assert answer == {"status": "Accepted", "data": expected}
    assert [one["payload"] for one in await listed(client, "messages")] == [payload]


@pytest.mark.parametrize("version", [V16, V201, V21])
async def test_the_answer_to_an_unknown_data_transfer_says_what_is_unknown(
    csms: Csms, version: Version
) -> None:
    vendor = await csms.call("DataTransfer", {"vendorId": "com.example.other"}, version=version)
    message = await csms.call("DataTransfer", {"vendorId": "com.example.tests"}, version=version)

    assert (vendor, message) == ({"status": "UnknownVendorId"}, {"status": "UnknownMessageId"})


async def test_a_vendors_message_has_one_function() -> None:
    with pytest.raises(ValueError, match="already has a function"):
        data_transfer("com.example.tests", "ECHO")(lambda transfer, device: echo(transfer, device))


@pytest.mark.parametrize(
    "query",
    [
        "messages?requestId=99999999999999999999&action=x",
        "messages?from=0001-01-01T00:00:00%2B10:00",
        "events?to=9999-12-31T23:59:59-10:00",
        "variables?evseId=-99999999999999999",
        "variables?pageToken=x",
        "jobs?kind=other",
        "customerinformation/99999999999999999999",
    ],
)
async def test_an_invalid_query_is_refused(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/chargingstations/CS1/{query}")).status_code == 422


def refused(payload: Any, **fields: Any) -> MessageRefused:
    known = {
        "action": "StopTransaction",
        "message_id": "m1",
        "payload": payload,
        "code": "TypeConstraintViolation",
        "reason": "meterStop: 'many' is not a number",
    }
    return MessageRefused(**(known | fields))


async def test_a_refused_message_can_be_read_with_the_reason(csms: Csms, client: httpx.AsyncClient) -> None:
    stop = {"transactionId": 1, "meterStop": "many", "timestamp": AT}
    await csms.event(refused(stop))

    assert await listed(client, "messages", action="StopTransaction") == [
        {
            "stationId": "CS1",
            "action": "StopTransaction",
            "ocppVersion": "ocpp2.0.1",
            "receivedAt": "2026-11-20T12:00:00.000Z",
            "payload": stop,
            "refused": {"code": "TypeConstraintViolation", "reason": "meterStop: 'many' is not a number"},
        }
    ]
    status = (await client.get("/chargingstations/CS1/status")).json()
    assert status["lastSeen"] == "2026-11-20T12:00:00.000Z"


async def test_a_refused_message_is_kept_once_however_often_it_comes(
    csms: Csms, client: httpx.AsyncClient
) -> None:
    timed = {"transactionId": 1, "meterStop": "many", "timestamp": AT}
    for seconds, message_id in enumerate(["e1", "e1", "e2"]):
        await csms.event(refused(timed), message_id=message_id, at=after(seconds))
    await csms.event(refused(["no object"]), message_id="e3", at=after(5))
    await csms.event(refused(["no object"]), message_id="e3", at=after(5))

    assert [one["payload"] for one in await listed(client, "messages")] == [["no object"], timed]


async def test_a_refused_message_keeps_no_secret(csms: Csms, client: httpx.AsyncClient) -> None:
    begun = {"idToken": TOKEN, "timestamp": AT, "customData": {"password": "hunter2"}}
    await csms.event(refused(begun, action="TransactionEvent", reason="url: ftp://me:hunter2@host"))

    [message] = await listed(client, "messages")
    assert message["payload"]["idToken"] == {"idToken": "***", "type": "KeyCode"}
    assert "hunter2" not in str(message)


@pytest.mark.parametrize("large", [True, False])
async def test_of_a_refused_payload_that_no_document_holds_the_reason_is_kept(
    csms: Csms, client: httpx.AsyncClient, large: bool
) -> None:
    payload: Any = "x" * 1_000_000 if large else []
    for _ in range(0 if large else 200):
        payload = [payload]
    await csms.event(refused(payload))

    [message] = await listed(client, "messages")
    assert list(message["payload"]) == ["withheld"]
    assert message["refused"]["code"] == "TypeConstraintViolation"


async def test_a_repaired_message_says_how_it_was_repaired(
    csms: Csms, device: Device, client: httpx.AsyncClient
) -> None:
    message = Message(
        data=b'{"type": "Tamper", "timestamp": "2026-11-20T11:00:00Z"}',
        message_id="1",
        station_id="CS1",
        action="SecurityEventNotification",
        kind=Kind.CALL,
        sent_at=AT,
        origin=Direction.FROM_STATION,
        ocpp_version=V201,
        repairs="timestampFormat@timestamp unknownField@colour",
    )
    await router.handle(message, device.bus, device, csms.clock)

    [stored] = await listed(client, "messages")
    assert stored["repairs"] == ["timestampFormat@timestamp", "unknownField@colour"]
