"""What a station asks, from its frame over the bus to the answer on the wire."""

from __future__ import annotations

import gc
import json
from typing import Any

import msgspec
import pytest

from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.websocket_gateway.context import GatewayLimits
from services.websocket_gateway.inbound import Received
from services.websocket_gateway.routing import ByAction, Inbox

from .fake_csms import (
    BOOTED,
    CURRENT_TIME,
    FakeCsms,
    Station,
    Tap,
    fake_csms,
    result,
    until,
)

V16, V201, V21 = Version.V16, Version.V201, Version.V21
ALL = [V16, V201, V21]
STATUS = {
    "timestamp": "2026-11-20T18:12:00Z",
    "connectorStatus": "Available",
    "evseId": 1,
    "connectorId": 1,
}


async def taps(csms: FakeCsms, *topics: str) -> list[Tap]:
    return [await csms.tap(topic) for topic in topics]


async def answer_to(station: Station, *frame: Any) -> Any:
    station.sends(*frame)
    return await station.receives()


@pytest.mark.parametrize("routing", [ByAction, Inbox])
async def test_a_call_reaches_its_topic_and_the_answer_the_station(routing: type[ByAction | Inbox]) -> None:
    async with fake_csms(routing) as csms:
        calls = await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        station = csms.station()

        answer = await answer_to(station, 2, "1", "Heartbeat", {})

        call = await calls.next()
        assert answer == [3, "1", CURRENT_TIME]
        assert (call.station_id, call.action, call.kind) == ("CS1", "Heartbeat", Kind.CALL)
        assert (call.origin, call.ocpp_version) == (Direction.FROM_STATION, V201)
        assert call.reply_to == ("HeartbeatResponse" if routing is ByAction else "gateway-gw0")
        assert call.gateway_id == "gw0"
        assert call.traceparent.startswith("00-")


def frame_id(object: object) -> str:
    """Of a frame that the gateway has received, else empty."""
    return getattr(object.frame, "id", "") if isinstance(object, Received) else ""


async def test_a_connection_that_is_idle_holds_no_frame() -> None:
    def is_held() -> bool:
        gc.collect()  # what only cycles of references hold, nobody does
        return "held" in [frame_id(each) for each in gc.get_objects()]

    gc.collect()
    gc.freeze()  # only what is made from now on is looked through
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        station = csms.station()

        await answer_to(station, 2, "held", "Heartbeat", {})
        await until(lambda: not is_held())


async def test_the_payload_travels_as_the_station_wrote_it() -> None:
    payload = {
        "vendorId": "v",
        "data": {"iso15118eMAID": 1.10, "über": [None, True]},
        "customData": {"vendorId": "x", "a_b": 1},
    }
    async with fake_csms() as csms:
        calls = await csms.tap("DataTransferRequest")
        station = csms.station()

        station.sends(2, "1", "DataTransfer", payload)

        assert json.loads((await calls.next()).data) == payload


UNREADABLE = {V16: [4, "-1", "FormationViolation"], V201: [4, "-1", "RpcFrameworkError"]}
BROKEN_CALL = {V16: [4, "7", "FormationViolation"], V201: [4, "7", "RpcFrameworkError"]}
MALFORMED: dict[str, dict[Version, Any]] = {
    "{": UNREADABLE,
    "[]": UNREADABLE,
    '{"2": "7"}': UNREADABLE,
    '[2,7.5,"Heartbeat",{}]': UNREADABLE,
    '[2,"7"]': BROKEN_CALL,
    '[2,"7",["Heartbeat"],{}]': BROKEN_CALL,
    '[2,"7","Heartbeat",[]]': {V16: [4, "7", "FormationViolation"], V201: [4, "7", "FormatViolation"]},
    '[3,"7"]': {V21: [5, "7", "RpcFrameworkError"]},
    '[9,"7",{}]': {V201: [4, "7", "MessageTypeNotSupported"], V21: None},
}


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize("text", MALFORMED)
async def test_what_is_no_frame_is_answered_as_the_version_has_it(version: Version, text: str) -> None:
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        station = csms.station(version=version)

        station.sends_text(text)
        station.sends(2, "ok", "Heartbeat", {})

        answers = MALFORMED[text]
        expected = answers.get(version, answers.get(V201) if version is V21 else None)
        if expected:
            answer = await station.receives()
            assert answer[:3] == expected
            assert len(answer) == 5 and isinstance(answer[4], dict)
        assert await station.receives() == [3, "ok", CURRENT_TIME]


REFUSED: list[tuple[Version, str, dict[str, Any], str]] = [
    *[(version, "MakeCoffee", {}, "NotImplemented") for version in ALL],
    *[(version, "Heart_beat", {}, "NotImplemented") for version in ALL],
    (V16, "TransactionEvent", {}, "NotImplemented"),
    (V16, "Reset", {"type": "Hard"}, "NotSupported"),
    (V201, "Reset", {"type": "Immediate"}, "NotSupported"),
    (V21, "Reset", {"type": "Immediate"}, "NotSupported"),
    (V16, "Authorize", {}, "ProtocolError"),
    (V201, "Authorize", {}, "OccurrenceConstraintViolation"),
    (V16, "Authorize", {"idTag": [1]}, "TypeConstraintViolation"),
    (V16, "Authorize", {"idTag": "x" * 21}, "PropertyConstraintViolation"),
    (V21, "NotifyPeriodicEventStream", {}, "MessageTypeNotSupported"),
]


@pytest.mark.parametrize(("version", "action", "payload", "code"), REFUSED)
async def test_what_is_refused_touches_no_topic(
    version: Version, action: str, payload: dict[str, Any], code: str
) -> None:
    async with fake_csms() as csms:
        published = await taps(
            csms, "HeartbeatRequest", "AuthorizeRequest", "ResetRequest", "TransactionEventRequest"
        )
        station = csms.station(version=version)

        answer = await answer_to(station, 2, "7", action, payload)

        assert answer[:3] == [4, "7", code]
        assert 0 < len(answer[3]) <= 255
        assert all(tap.empty for tap in published)


@pytest.mark.parametrize("version", ALL)
async def test_before_its_boot_is_accepted_a_station_may_only_boot(version: Version) -> None:
    boot = {"chargePointVendor": "v", "chargePointModel": "m"} if version is V16 else {
        "reason": "PowerUp", "chargingStation": {"vendorName": "v", "model": "m"}}  # fmt: skip
    async with fake_csms() as csms:
        beats = await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        statuses = ["Pending", "Rejected", "Accepted"]
        await csms.service(
            "BootNotificationRequest", lambda call: result({**BOOTED, "status": statuses.pop(0)})(call)
        )
        station = csms.station(version=version, status="Pending")

        for n in range(3):
            assert (await answer_to(station, 2, f"h{n}", "Heartbeat", {}))[:3] == [
                4,
                f"h{n}",
                "SecurityError",
            ]
            assert (await answer_to(station, 2, f"b{n}", "BootNotification", boot))[0] == 3

        assert beats.empty
        assert await answer_to(station, 2, "h", "Heartbeat", {}) == [3, "h", CURRENT_TIME]


async def test_a_station_that_sends_on_without_waiting_for_its_boot_is_judged_at_its_turn() -> None:
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        await csms.service("BootNotificationRequest", result(BOOTED))
        station = csms.station(version=V16, status="Rejected")

        station.sends(2, "1", "BootNotification", {"chargePointVendor": "v", "chargePointModel": "m"})
        station.sends(2, "2", "Heartbeat", {})

        assert await station.receives() == [3, "1", BOOTED]
        assert await station.receives() == [3, "2", CURRENT_TIME]


async def test_a_pending_station_may_send_what_it_was_triggered_to() -> None:
    async with fake_csms() as csms:
        await csms.service("StatusNotificationRequest", result({}))
        connected = await csms.tap("StationConnected")
        answers = await csms.tap("TriggerMessageResponse")
        station = csms.station(status="Pending")
        await csms.command(
            await connected.next(), "TriggerMessage", {"requestedMessage": "StatusNotification"}
        )
        assert (await station.receives())[2] == "TriggerMessage"

        station.sends(3, "c1", {"status": "Accepted"})
        await answers.next()

        assert await answer_to(station, 2, "1", "StatusNotification", STATUS) == [3, "1", {}]
        assert (await answer_to(station, 2, "2", "Heartbeat", {}))[2] == "SecurityError"


async def test_a_bus_that_fails_or_hangs_is_an_internal_error(caplog: pytest.LogCaptureFixture) -> None:
    async with fake_csms(limits=GatewayLimits(call_timeout=0.05)) as csms:
        csms.bus.broken.add("HeartbeatRequest")
        csms.bus.stuck.add("StatusNotificationRequest")
        station = csms.station()

        assert (await answer_to(station, 2, "1", "Heartbeat", {}))[:3] == [4, "1", "InternalError"]
        assert "no bus" in caplog.text
        assert (await answer_to(station, 2, "2", "StatusNotification", STATUS))[:3] == [
            4,
            "2",
            "InternalError",
        ]


async def test_a_response_against_its_schema_never_reaches_the_station(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result({"currentTime": ""}))
        station = csms.station()

        answer = await answer_to(station, 2, "1", "Heartbeat", {})

        assert answer[:3] == [4, "1", "InternalError"]
        assert "currentTime" in caplog.text


@pytest.mark.parametrize("data", [b'{"why": 1}', b"", b"[]", b"nonsense"])
async def test_a_refusal_from_a_service_becomes_a_callerror(data: bytes) -> None:
    def refuse(call: Message) -> Message:
        return msgspec.structs.replace(
            call,
            kind=Kind.ERROR,
            data=data,
            error_code="FormatViolation",
            error_description="no",
            reply_to="",
        )

    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", refuse)
        station = csms.station()

        answer = await answer_to(station, 2, "1", "Heartbeat", {})

        assert answer == [4, "1", "FormatViolation", "no", {"why": 1} if data.startswith(b"{") else {}]


async def test_a_send_is_published_and_not_answered() -> None:
    stream = {"id": 1, "pending": 0, "basetime": "2026-11-20T18:12:00Z", "data": [{"t": 0, "v": "1"}]}
    async with fake_csms() as csms:
        sent = await csms.tap("NotifyPeriodicEventStreamRequest")
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        station = csms.station(version=V21)

        station.sends(6, "1", "NotifyPeriodicEventStream", stream)
        station.sends(6, "2", "Heartbeat", {})
        station.sends(6, "3", "NotifyPeriodicEventStream", {"id": "one"})

        message = await sent.next()
        assert (message.kind, message.reply_to, json.loads(message.data)) == (Kind.SEND, "", stream)
        assert await answer_to(station, 2, "4", "Heartbeat", {}) == [3, "4", CURRENT_TIME]
        assert sent.empty


async def test_an_answer_to_another_connection_or_action_is_no_answer() -> None:
    async with fake_csms() as csms:
        calls = await csms.tap("HeartbeatRequest")
        station = csms.station()
        station.sends(2, "1", "Heartbeat", {})
        call = await calls.next()
        right = result(CURRENT_TIME)(call)
        assert right

        for wrong in (
            {"connection_id": "0"},
            {"message_id": "2"},
            {"action": "BootNotification"},
            {"gateway_id": "gw9"},
            {"traceparent": "00-1-1-01"},
            {"origin": Direction.TO_STATION},
        ):
            wrong_time = b'{"currentTime":"1970-01-01T00:00:00Z"}'
            await csms.gateways[0].receive(msgspec.structs.replace(right, data=wrong_time, **wrong))
        await csms.gateways[0].receive(msgspec.structs.replace(right, traceparent=""))

        assert await station.receives() == [3, "1", CURRENT_TIME]


async def test_a_refused_response_is_only_logged() -> None:
    async with fake_csms() as csms:
        await csms.service("HeartbeatRequest", result(CURRENT_TIME))
        station = csms.station(version=V21)

        station.sends(5, "1", "FormatViolation", "no", {})

        assert await answer_to(station, 2, "2", "Heartbeat", {}) == [3, "2", CURRENT_TIME]
