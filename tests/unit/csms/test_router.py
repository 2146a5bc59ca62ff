from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
import pytest

from libs.csms.messaging.bus import Subscription
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.messaging.router import Call, Router
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.errors import CallError, ErrorCode, Unparseable
from libs.ocpp_messages.event import STATION_CONNECTED, StationConnected
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


@dataclass
class Deps:
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

    assert (seen, published) == (["1.6 CS1 09:59", "connected here"], [])


async def test_commands_to_stations_on_a_shared_topic_are_for_others() -> None:
    seen, published = await answers(message(origin=Direction.TO_STATION))

    assert (seen, published) == ([], [])


def test_a_message_has_one_handler() -> None:
    with pytest.raises(ValueError, match="already has a handler"):
        router.on(v16.Heartbeat)(heartbeat_16)


def test_a_subscription_follows_from_every_handler() -> None:
    assert [subscription.name for subscription in router.subscriptions] == [
        "test.AuthorizeRequest",
        "test.HeartbeatRequest",
        "test.StationConnected",
    ]
