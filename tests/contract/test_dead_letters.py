"""What every bus does with a message that its consumer fails on: it comes again, then it is a dead letter."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from libs.csms.clock import utc_now
from libs.csms.logs import JsonFormatter
from libs.csms.messaging.bus import MAX_ATTEMPTS, Bus, Subscription
from libs.csms.messaging.router import Call, Router
from libs.ocpp_messages import ocpp2, v201
from libs.ocpp_messages.errors import Unparseable
from libs.ocpp_messages.event import DEAD_LETTER, DeadLetter
from libs.ocpp_messages.message import Kind, Message

from .bus_tests import (
    DEAD_LETTERS,
    DEVICE,
    TIMEOUT,
    TOPIC,
    Inbox,
    boot,
    call,
    consuming,
    dead_letter,
)


async def test_a_consumer_that_raises_gets_the_message_again(bus: Bus) -> None:
    inbox = Inbox()
    attempts = 0

    async def twice_broken(message: Message) -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise RuntimeError("the store is away")
        await inbox(message)

    async with consuming(bus, DEVICE, twice_broken):
        await bus.publish(TOPIC, call())
        await inbox.until("1")

    assert attempts == 3
    assert inbox.messages == [call()]


async def test_a_cancellation_that_a_consumer_ran_into_is_a_failure_like_any_other(bus: Bus) -> None:
    inbox = Inbox()
    broken = asyncio.get_running_loop().create_future()
    broken.cancel()

    async def consumer(message: Message) -> None:
        if message.message_id == "1":
            await broken
        await inbox(message)

    async with consuming(bus, DEVICE, consumer), consuming(bus, DEAD_LETTERS, inbox):
        await bus.publish(TOPIC, call())
        await bus.publish(TOPIC, call(message_id="2"))
        letter = await dead_letter(inbox)
        await inbox.until("2")

    assert letter.attempts == MAX_ATTEMPTS


async def test_after_the_last_attempt_a_message_is_a_dead_letter(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Inbox()
    attempts = 0

    async def broken(message: Message) -> None:
        nonlocal attempts
        attempts += 1
        raise RuntimeError("out of order")

    async with consuming(bus, DEVICE, broken), consuming(bus, DEAD_LETTERS, inbox):
        await bus.publish(TOPIC, call())
        letter = await dead_letter(inbox)

    assert attempts == MAX_ATTEMPTS
    assert letter == DeadLetter(
        topic=TOPIC,
        subscription=DEVICE.name,
        reason="RuntimeError: out of order",
        attempts=MAX_ATTEMPTS,
        data='{"reason":"PowerUp"}',
        attributes=call().attributes(),
    )
    message = inbox.messages[0]
    assert (message.station_id, message.action, message.kind) == ("CS-1", "DeadLetter", Kind.EVENT)
    failures = [record for record in caplog.records if record.exc_info and DEVICE.name in record.getMessage()]
    assert len(failures) == MAX_ATTEMPTS


async def test_what_a_consumer_cannot_parse_is_a_dead_letter_at_once_and_blocks_nobody(bus: Bus) -> None:
    inbox, dead_letters = Inbox(), Inbox()

    async def consumer(message: Message) -> None:
        if message.message_id == "bad":
            raise Unparseable("not JSON")
        await inbox(message)

    async with consuming(bus, DEVICE, consumer), consuming(bus, DEAD_LETTERS, dead_letters):
        for id in ("1", "bad", "2"):
            await bus.publish(TOPIC, call(message_id=id))
        await inbox.until("1", "2")
        letter = await dead_letter(dead_letters, "bad")

    assert inbox.ids == ["1", "2"]
    assert (letter.attempts, letter.reason) == (1, "Unparseable: not JSON")


async def test_a_dead_letter_that_cannot_be_handled_does_not_come_back_for_ever(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    attempts = 0
    given_up = asyncio.Event()

    async def broken(message: Message) -> None:
        nonlocal attempts
        attempts += 1
        if message.message_id == "2":
            return given_up.set()
        raise Unparseable("not mine")

    async with consuming(bus, DEVICE, broken), consuming(bus, DEAD_LETTERS, broken):
        await bus.publish(TOPIC, call())
        async with asyncio.timeout(TIMEOUT):
            while "test.DeadLetter: dead letter after 1 attempts" not in caplog.text:
                await asyncio.sleep(0.01)
        await bus.publish(DEAD_LETTER.name, call(message_id="2"))
        async with asyncio.timeout(TIMEOUT):
            await given_up.wait()

    assert attempts == 3


async def test_neither_the_log_nor_the_dead_letter_quotes_the_value_that_a_handler_stumbled_over(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Inbox()

    async def broken(message: Message) -> None:
        int("canary-" + message.station_id)

    async with consuming(bus, DEVICE, broken), consuming(bus, DEAD_LETTERS, inbox):
        await bus.publish(TOPIC, call())
        letter = await dead_letter(inbox)

    assert letter.reason == "ValueError (its text is hidden, for it may hold a secret)"
    formatter = JsonFormatter("device")
    lines = [formatter.format(record) for record in caplog.records]
    assert any("in broken" in line for line in lines)
    assert not any("canary-CS" in line for line in lines)


async def test_the_answer_to_a_gateway_that_has_stopped_is_dropped_and_no_dead_letter(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    router: Router[None] = Router("device")
    handled: list[str] = []

    @router.on(v201.BootNotification)
    async def boot_notification(call: Call[Any], deps: None) -> ocpp2.BootNotificationResponse:
        handled.append(call.message.message_id)
        return ocpp2.BootNotificationResponse(current_time="now", interval=1, status="Accepted")

    dead_letters, answers = Inbox(), Inbox()
    inbox = Subscription("gateway-g2", "gateway-g2", gateway_id="g2", temporary=True)
    for topic in ("gateway-g1", "gateway-g2"):
        await bus.create_topic(topic)
    await bus.create_subscription(inbox)
    await bus.delete_topic("gateway-g1")  # as a gateway does when it stops

    async def serve(message: Message) -> None:
        await router.handle(message, bus, None, utc_now)

    async with (
        consuming(bus, DEVICE, serve),
        consuming(bus, DEAD_LETTERS, dead_letters),
        consuming(bus, inbox, answers),
    ):
        await bus.publish(TOPIC, boot("1", reply_to="gateway-g1"))
        await bus.publish(TOPIC, boot("2", reply_to="gateway-g2", gateway_id="g2"))
        await answers.until("2")
        await bus.publish(DEAD_LETTER.name, call(message_id="last"))
        await dead_letters.until("last")

    assert handled == ["1", "2"]
    assert dead_letters.ids == ["last"]
    dropped = [record for record in caplog.records if "gateway-g1" in record.getMessage()]
    assert [record.levelname for record in dropped] == ["INFO"]


async def test_a_message_is_not_lost_while_dead_letters_cannot_be_published(bus: Bus) -> None:
    inbox = Inbox()
    attempts = 0
    await bus.delete_topic(DEAD_LETTER.name)

    async def mended_late(message: Message) -> None:
        nonlocal attempts
        attempts += 1
        if attempts <= MAX_ATTEMPTS:
            raise RuntimeError("out of order")
        await inbox(message)

    async with consuming(bus, DEVICE, mended_late):
        await bus.publish(TOPIC, call())
        await inbox.until("1")

    assert attempts == MAX_ATTEMPTS + 1
