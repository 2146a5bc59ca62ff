from __future__ import annotations

import asyncio

import pytest

from libs.csms.messaging.bus import Subscription
from libs.csms.messaging.delivery import Backoff
from libs.csms.messaging.embedded import EmbeddedBus
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.message import Kind, Message

SUBSCRIPTION = Subscription("device.StationConnected", "StationConnected")


def event(station_id: str) -> Message:
    return Message(
        data=b"{}",
        message_id="1",
        station_id=station_id,
        action="StationConnected",
        kind=Kind.EVENT,
        sent_at="2026-11-20T18:00:00.000Z",
        origin=Direction.FROM_STATION,
    )


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 0.5), (2, 1.0), (3, 2.0), (7, 30.0), (10_000_000, 30.0)]
)
def test_the_pause_doubles_up_to_the_longest(failures: int, seconds: float) -> None:
    assert Backoff(0.5, 30.0).after(failures) == pytest.approx(seconds)


async def test_the_work_in_hand_is_limited_and_the_rest_waits() -> None:
    bus = EmbeddedBus(concurrency=3)
    await bus.create_topic(SUBSCRIPTION.topic)
    await bus.create_subscription(SUBSCRIPTION)
    in_hand, most, finished = 0, 0, 0
    all_finished = asyncio.Event()

    async def consumer(message: Message) -> None:
        nonlocal in_hand, most, finished
        in_hand += 1
        most = max(most, in_hand)
        await asyncio.sleep(0.001)
        in_hand -= 1
        finished += 1
        if finished == 30:
            all_finished.set()

    for number in range(30):
        await bus.publish(SUBSCRIPTION.topic, event(f"CS-{number}"))
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        consuming = tasks.create_task(bus.consume(SUBSCRIPTION, consumer))
        await all_finished.wait()
        consuming.cancel()

    assert most == 3


async def test_publishing_on_the_embedded_bus_lets_nobody_else_run_in_between() -> None:
    bus = EmbeddedBus()
    await bus.create_topic(SUBSCRIPTION.topic)
    await bus.create_subscription(SUBSCRIPTION)
    publishing = bus.publish(SUBSCRIPTION.topic, event("CS-1"))

    with pytest.raises(StopIteration):
        publishing.send(None)
