from __future__ import annotations

import asyncio

import pytest

from libs.csms.messaging.bus import Subscription
from libs.csms.messaging.dead_letter import MAX_REASON_LENGTH, publish_dead_letter
from libs.csms.messaging.embedded import EmbeddedBus
from libs.ocpp_messages.event import DEAD_LETTER, DeadLetter
from libs.ocpp_messages.message import Kind, Message

SUBSCRIPTION = Subscription("device.ResetResponse", "ResetResponse")
ATTRIBUTES = {"stationId": "CS1", "messageId": "7", "gatewayId": "g1", "connectionId": "c1", "kind": "gossip"}


async def published(data: bytes, attributes: dict[str, str], error: Exception) -> Message:
    bus, letters = EmbeddedBus(), asyncio.Queue[Message]()
    subscription = Subscription("test.DeadLetter", DEAD_LETTER.name)
    await bus.create_topic(DEAD_LETTER.name)
    await bus.create_subscription(subscription)
    await publish_dead_letter(
        bus, SUBSCRIPTION, data, attributes, attempts=5, error=error, sent_at="2026-03-01T10:00:00.000Z"
    )
    consuming = asyncio.create_task(bus.consume(subscription, letters.put))
    async with asyncio.timeout(5):
        letter = await letters.get()
    consuming.cancel()
    return letter


async def test_a_dead_letter_names_the_message_and_what_was_wrong_with_it() -> None:
    message = await published(b"{}", ATTRIBUTES, RuntimeError("out of order"))

    assert message.attributes() == {
        "stationId": "CS1",
        "messageId": "7",
        "gatewayId": "g1",
        "connectionId": "c1",
        "action": "DeadLetter",
        "kind": Kind.EVENT,
        "origin": "station",
        "sentAt": "2026-03-01T10:00:00.000Z",
    }
    assert DEAD_LETTER.decode(message.data) == DeadLetter(
        topic="ResetResponse",
        subscription="device.ResetResponse",
        reason="RuntimeError: out of order",
        attempts=5,
        data="{}",
        attributes=ATTRIBUTES,
    )


@pytest.mark.parametrize(
    ("data", "text"), [(b"\xff\xfe", ""), (b"", ""), ("Ladesäule".encode(), "Ladesäule")]
)
async def test_data_that_is_no_text_is_left_out(data: bytes, text: str) -> None:
    letter = DEAD_LETTER.decode((await published(data, {}, RuntimeError("bad"))).data)

    assert (letter.data, letter.attributes) == (text, {})


async def test_an_endless_reason_is_cut_and_one_that_is_no_text_is_mended() -> None:
    letter = DEAD_LETTER.decode((await published(b"", {}, RuntimeError("\udc80" + "x" * 5_000))).data)

    assert len(letter.reason) == MAX_REASON_LENGTH
    assert letter.reason.startswith("RuntimeError: ?xxx")
