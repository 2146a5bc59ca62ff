from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from libs.csms.logs import station_id
from libs.csms.messaging.bus import Subscription
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.messaging.router import Call, Result, Router
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.errors import CallError, ErrorCode, Unparseable
from libs.ocpp_messages.event import STATION_CONNECTED, CommandEnded, StationConnected
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


@dataclass
class Deps:
    """``seen`` is what the handlers below were called with."""

    seen: list[str] = field(default_factory=list)


router: Router[Deps] = Router("test")


@router.on(v16.Heartbeat)
async def heartbeat_16(call: Call[ocpp16.HeartbeatRequest], deps: Deps) -> ocpp16.HeartbeatResponse:
    deps.seen.append(f"1.6 {call.station_id} {call.received_at:%H:%M}")
    return ocpp16.HeartbeatResponse(current_time="now")


@router.on(v201.Heartbeat, v21.Heartbeat)
async def heartbeat(call: Call[ocpp2.HeartbeatRequest], deps: Deps) -> ocpp2.HeartbeatResponse:
    deps.seen.append(f"{call.version} {call.station_id}")
    return ocpp2.HeartbeatResponse(current_time="now")


@router.on(v16.Authorize)
async def authorize(call: Call[ocpp16.AuthorizeRequest], deps: Deps) -> ocpp16.AuthorizeResponse:
    if call.request.id_tag == "BUG":
        raise RuntimeError
    raise CallError(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "no")


@router.on(STATION_CONNECTED)
async def connected(call: Call[StationConnected], deps: Deps) -> None:
    deps.seen.append(f"connected {call.request.remote_address}")


@router.on(v21.NotifyPeriodicEventStream)
async def event_stream(call: Call[ocpp2.NotifyPeriodicEventStreamRequest], deps: Deps) -> None:
    deps.seen.append(f"stream {call.request.id} in the log of {station_id.get()}")


part: Router[list[str]] = Router("part of test")


@part.on(STATION_CONNECTED)
async def connected_too(call: Call[StationConnected], seen: list[str]) -> None:
    seen.append(f"part: connected {call.request.remote_address}")


@part.on(v16.BootNotification)
async def booted(call: Call[ocpp16.BootNotificationRequest], seen: list[str]) -> None:
    seen.append("part: booted")


@part.on_answers("ResetResponse")
async def answered(message: Message, seen: list[str]) -> None:
    seen.append(f"{message.kind} of {message.action}")


@part.on_result(v16.Reset)
async def reset_too(result: Result[ocpp16.ResetRequest, ocpp16.ResetResponse], seen: list[str]) -> None:
    seen.append(f"part: {result.command_id}")


@router.on_result(v16.Reset)
async def reset(result: Result[ocpp16.ResetRequest, ocpp16.ResetResponse], deps: Deps) -> None:
    status = result.response.status if result.response else result.ended.status
    deps.seen.append(f"{result.version} {result.request.type} {status} {result.answered_at:%H:%M}")


router.include(part, lambda deps: deps.seen)


def message(action: str = "Heartbeat", data: bytes = b"{}", **attributes: object) -> Message:
    known = {
        "message_id": "1",
        "station_id": "CS1",
        "kind": Kind.CALL,
        "origin": Direction.FROM_STATION,
        "ocpp_version": Version.V16,
        "reply_to": "HeartbeatResponse",
        "sent_at": "2026-03-01T09:59:00.000Z",
    }
    return Message(action=action, data=data, **known | attributes)  # type: ignore[arg-type]


async def answers(*messages: Message) -> tuple[list[str], list[Message]]:
    """What the handlers saw, and what was published for the gateway."""
    bus, deps = EmbeddedBus(), Deps()
    subscription = Subscription("gateway.HeartbeatResponse", "HeartbeatResponse")
    await bus.create_topic("HeartbeatResponse")
    await bus.create_subscription(subscription)
    for one in messages:
        await router.handle(one, bus, deps, lambda: NOW)
    published: asyncio.Queue[Message] = asyncio.Queue()
    await bus.publish("HeartbeatResponse", message("Last"))
    consuming = asyncio.create_task(bus.consume(subscription, published.put))
    received = []
    async with asyncio.timeout(5):
        while (answer := await published.get()).action != "Last":
            received.append(answer)
    consuming.cancel()
    return deps.seen, received


async def test_the_answer_goes_to_the_topic_that_the_call_names_with_all_that_identifies_it() -> None:
    seen, [answer] = await answers(message(connection_id="c1", gateway_id="g1", traceparent="t1"))

    assert seen == ["1.6 CS1 09:59"]
    assert answer.attributes() == {
        "messageId": "1",
        "stationId": "CS1",
        "action": "Heartbeat",
        "kind": "result",
        "origin": "station",
        "ocppVersion": "ocpp1.6",
        "connectionId": "c1",
        "gatewayId": "g1",
        "traceparent": "t1",
        "sentAt": "2026-03-01T10:00:00.000Z",
    }
    assert msgspec.json.decode(answer.data) == {"currentTime": "now"}


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
async def test_one_handler_may_serve_two_versions(version: Version) -> None:
    seen, published = await answers(message(ocpp_version=version))

    assert (seen, len(published)) == ([f"{version} CS1"], 1)


async def test_a_refusal_is_an_answer_spelled_as_the_version_has_it() -> None:
    _, [answer] = await answers(message("Authorize", b'{"idTag": "A"}'))

    assert (answer.kind, answer.error_code) == (Kind.ERROR, "OccurenceConstraintViolation")


async def test_a_bug_is_no_answer_and_the_message_comes_again() -> None:
    with pytest.raises(RuntimeError):
        await answers(message("Authorize", b'{"idTag": "BUG"}'))


async def test_an_action_of_another_version_only_is_not_supported() -> None:
    _, [answer] = await answers(message("Authorize", ocpp_version=Version.V21))

    assert answer.error_code == "NotSupported"


async def test_data_that_does_not_fit_is_unparseable() -> None:
    with pytest.raises(Unparseable):
        await answers(message("Authorize", b"not json"))


async def test_what_asks_for_no_answer_gets_none() -> None:
    seen, published = await answers(
        message(reply_to=""), message("StationConnected", b'{"remoteAddress": "here"}', kind=Kind.EVENT)
    )

    assert (seen, published) == (["1.6 CS1 09:59", "connected here", "part: connected here"], [])


async def test_what_is_never_answered_is_handled_with_its_station_in_the_log() -> None:
    stream = b'{"id": 7, "pending": 0, "basetime": "2026-03-01T10:00:00Z", "data": []}'
    seen, published = await answers(
        message("NotifyPeriodicEventStream", stream, kind=Kind.SEND, ocpp_version=Version.V21)
    )

    assert (seen, published) == (["stream 7 in the log of CS1"], [])


async def test_nothing_is_published_where_no_answer_is_wanted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    _, published = await answers(message(reply_to=""))

    assert (published, caplog.messages) == ([], [])


@pytest.mark.parametrize("kind", [Kind.RESULT, Kind.ERROR])
async def test_the_answers_of_stations_to_commands_have_a_handler(kind: Kind) -> None:
    to_command = message("Reset", kind=kind, origin=Direction.TO_STATION)
    to_station = message("Reset", kind=kind, origin=Direction.FROM_STATION)

    seen, published = await answers(to_command, to_station)

    assert (seen, published) == ([f"{kind} of Reset"], [])


def test_the_answers_have_one_handler() -> None:
    with pytest.raises(ValueError, match="already have a handler"):
        part.on_answers("ClearCacheResponse")(answered)


async def test_an_event_may_have_several_handlers_also_of_a_package() -> None:
    event = message("StationConnected", b'{"remoteAddress": "here"}', kind=Kind.EVENT)

    seen, _ = await answers(event)

    assert seen == ["connected here", "part: connected here"]


async def test_a_handler_that_returns_nothing_gives_no_answer() -> None:
    boot = b'{"chargePointModel": "M", "chargePointVendor": "V"}'

    seen, published = await answers(message("BootNotification", boot))

    assert (seen, published) == (["part: booted"], [])


def ended(
    action: str = "Reset", version: Version = Version.V16, payload: object = None, **fields: object
) -> Message:
    known = {"id": "c1", "action": action, "status": "answered", "payload": payload or {"type": "Soft"}}
    data = msgspec.json.encode(CommandEnded(**known | fields))  # type: ignore[arg-type]
    return message("CommandEnded", data, kind=Kind.EVENT, ocpp_version=version)


@pytest.mark.parametrize(
    ("fields", "seen"),
    [
        ({"response": {"status": "Accepted"}, "answered_at": "2026-03-01T08:00:00.000Z"}, "Accepted 08:00"),
        ({"response": {"status": "Rejected"}}, "Rejected 09:59"),
        ({"response": {"withheld": "too long"}}, "answered 09:59"),
        ({"response": None}, "answered 09:59"),
        ({"status": "timeout"}, "timeout 09:59"),
        ({"status": "expired", "response": {"status": "Accepted"}}, "expired 09:59"),
    ],
)
async def test_the_end_of_a_command_is_handled_with_what_was_asked_and_answered(
    fields: dict[str, object], seen: str
) -> None:
    assert await answers(ended(**fields)) == ([f"ocpp1.6 Soft {seen}", "part: c1"], [])  # type: ignore[arg-type]


BROKEN = "FormatViolation: status: must be one of"


@pytest.mark.parametrize(
    ("fields", "status", "may_be_accepted"),
    [
        ({"response": {"status": "Accepted"}}, "Accepted", True),
        ({"response": {"status": "Rejected"}}, "Rejected", False),
        ({"response": {"status": "Accepted", "more": 1}, "warning": BROKEN}, "Accepted", True),
        ({"response": {"status": "accepted"}, "warning": BROKEN}, "accepted", False),
        ({"response": {"status": 1}, "warning": BROKEN}, "", True),
        ({"response": ["Accepted"], "warning": BROKEN}, "", True),
        ({"status": "timeout"}, "", True),
        ({"status": "unknown"}, "", True),
        ({"status": "expired", "gateway_reason": "expired"}, "", False),
        ({"status": "error"}, "", False),
    ],
)
async def test_the_status_of_a_response_counts_where_it_can_be_read(
    fields: dict[str, object], status: str, may_be_accepted: bool
) -> None:
    found: list[Result[Any, Any]] = []
    service: Router[None] = Router("test")

    @service.on_result(v16.Reset)
    async def reset(result: Result[ocpp16.ResetRequest, ocpp16.ResetResponse], deps: None) -> None:
        found.append(result)

    await service.handle(ended(**fields), EmbeddedBus(), None, lambda: NOW)  # type: ignore[arg-type]

    [result] = found
    assert (result.status, result.may_be_accepted) == (status, may_be_accepted)
    assert (result.response is not None) is (status in ("Accepted", "Rejected"))
    assert result.reached_station is (result.ended.status in ("answered", "error"))


async def test_a_response_that_no_gateway_warned_of_is_decoded_or_unparseable() -> None:
    with pytest.raises(Unparseable, match="ocpp1.6 Reset"):
        await answers(ended(response={"status": "accepted"}))


async def test_the_ends_of_other_commands_and_versions_are_for_others() -> None:
    assert await answers(ended("ClearCache"), ended(version=Version.V201)) == ([], [])


async def test_the_end_of_what_is_no_command_of_the_action_is_unparseable() -> None:
    with pytest.raises(Unparseable, match="ocpp1.6 Reset"):
        await answers(ended(payload={"type": "Medium"}))


async def test_commands_to_stations_on_a_shared_topic_are_for_others() -> None:
    seen, published = await answers(message(origin=Direction.TO_STATION))

    assert (seen, published) == ([], [])


def test_a_message_has_one_handler() -> None:
    with pytest.raises(ValueError, match="already has a handler"):
        router.on(v16.Heartbeat)(heartbeat_16)


def test_a_subscription_follows_from_every_handler() -> None:
    assert [subscription.name for subscription in router.subscriptions] == [
        "test.AuthorizeRequest",
        "test.BootNotificationRequest",
        "test.CommandEnded",
        "test.HeartbeatRequest",
        "test.NotifyPeriodicEventStreamRequest",
        "test.ResetResponse",
        "test.StationConnected",
    ]
