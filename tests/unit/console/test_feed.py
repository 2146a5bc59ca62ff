"""The feed: what listeners get of the bus, and what they are told where they have missed something."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec
import pytest

from libs.csms.messaging.bus import Subscription
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.messaging.provision import provision
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.message import Kind, Message
from services.console.live import feed as limits
from services.console.live.feed import TOPICS, Feed, FeedMessage, Listener, Reload


class FeedBus(EmbeddedBus):
    """Knows its subscriptions, and can lose them."""

    def __init__(self) -> None:
        super().__init__()
        self.subscriptions: dict[str, Subscription] = {}
        self.created = 0

    async def create_subscription(self, subscription: Subscription) -> None:
        await super().create_subscription(subscription)
        self.subscriptions[subscription.name] = subscription
        self.created += 1

    async def delete_subscription(self, subscription: Subscription) -> None:
        await super().delete_subscription(subscription)
        self.subscriptions.pop(subscription.name, None)


def message(action: str = "StationConnected", station: str = "CS1", data: object = None) -> Message:
    return Message(
        data=msgspec.json.encode({} if data is None else data),
        message_id="m1",
        station_id=station,
        action=action,
        kind=Kind.EVENT,
        sent_at="2026-11-22T02:00:00.000Z",
        origin=Direction.FROM_STATION,
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.002)


async def following(listener: Listener) -> FeedMessage | Reload:
    async with asyncio.timeout(10):
        return await anext(listener)


async def stations(listener: Listener, number: int) -> list[str]:
    found = [await following(listener) for _ in range(number)]
    return [one.message.station_id if isinstance(one, FeedMessage) else one.reason for one in found]


@pytest.fixture
async def bus() -> FeedBus:
    bus = FeedBus()
    await provision(bus, [])
    return bus


@asynccontextmanager
async def running(bus: FeedBus, grace: float = 60) -> AsyncIterator[Feed]:
    feed = Feed(bus, grace=grace, retry=0.001)
    loop = asyncio.create_task(feed.run())
    await asyncio.sleep(0)
    try:
        yield feed
    finally:
        loop.cancel()
        await asyncio.wait([loop])


async def begun(listener: Listener) -> None:
    """Wait until nothing is missed any more."""
    found = await following(listener)
    assert isinstance(found, Reload) and found.reason == "started"


async def test_every_listener_gets_what_he_wants_in_order(bus: FeedBus) -> None:
    async with (
        running(bus) as feed,
        feed.listen() as all_,
        feed.listen(lambda one: one.type == "TransactionStarted") as some,
    ):
        await begun(all_)
        await begun(some)
        await bus.publish("StationConnected", message(station="CS1"))
        await bus.publish("TransactionStarted", message("TransactionStarted", "CS2"))
        assert sorted(await stations(all_, 2)) == ["CS1", "CS2"]
        assert await stations(some, 1) == ["CS2"]


async def test_there_are_subscriptions_only_while_somebody_listens_and_a_little_longer(bus: FeedBus) -> None:
    async with running(bus, grace=0.01) as feed:
        assert bus.subscriptions == {}
        async with feed.listen() as listener:
            await begun(listener)
            assert {one.topic for one in bus.subscriptions.values()} == set(TOPICS)
            assert all(one.temporary for one in bus.subscriptions.values())
        await until(lambda: not bus.subscriptions)

        async with feed.listen() as listener:
            await begun(listener)
            await bus.publish("StationConnected", message())
            assert await stations(listener, 1) == ["CS1"]


async def test_who_turns_to_another_page_finds_the_same_subscriptions(bus: FeedBus) -> None:
    async with running(bus) as feed:
        async with feed.listen() as listener:
            await begun(listener)
        async with feed.listen() as listener:
            await bus.publish("StationConnected", message())
            assert await stations(listener, 1) == ["CS1"]
    assert bus.created == len(TOPICS)
    assert bus.subscriptions == {}


async def test_a_slow_listener_loses_the_oldest_is_told_so_and_slows_nobody(
    bus: FeedBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_WAITING", 3)
    async with running(bus) as feed, feed.listen() as slow, feed.listen() as quick:
        await begun(slow)
        await begun(quick)
        for number in range(5):
            await bus.publish("StationConnected", message(station=f"CS{number}"))
            assert len(await stations(quick, 1)) == 1
        assert await stations(slow, 4) == ["slow", "CS2", "CS3", "CS4"]


async def test_a_listener_goes_on_behind_what_he_has_had(bus: FeedBus) -> None:
    async with running(bus) as feed:
        async with feed.listen() as listener:
            await begun(listener)
            for id in ("CS1", "CS2", "CS3"):
                await bus.publish("StationConnected", message(station=id))
            first = await following(listener)
            await stations(listener, 2)
        async with feed.listen(last_id=first.id) as listener:
            assert await stations(listener, 2) == ["CS2", "CS3"]
        before = feed.position
        async with feed.listen(last_id=before) as listener:
            await bus.publish("StationConnected", message(station="CS4"))
            assert await stations(listener, 1) == ["CS4"]


async def test_what_is_too_long_ago_or_of_another_process_has_to_be_read_anew(
    bus: FeedBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_KEPT", 2)
    async with running(bus) as feed, running(bus) as other, feed.listen() as listener:
        await begun(listener)
        start = feed.position
        for number in range(3):
            await bus.publish("StationConnected", message(station=f"CS{number}"))
        ids = [(await following(listener)).id for _ in range(3)]
        for last_id in (start, other.position, "x", f"{feed.position}9", f"{start.partition('-')[0]}-²"):
            async with feed.listen(last_id=last_id) as again:
                assert await following(again) == Reload(feed.position, "resumed")
        async with feed.listen(last_id=ids[0]) as again:
            assert await stations(again, 2) == ["CS1", "CS2"]


async def test_after_the_bus_has_failed_everybody_has_to_read_anew(bus: FeedBus) -> None:
    async with running(bus) as feed, feed.listen() as listener:
        await begun(listener)
        await bus.delete_subscription(next(iter(bus.subscriptions.values())))
        await begun(listener)
        await bus.publish("StationConnected", message())
        assert await stations(listener, 1) == ["CS1"]


async def test_listening_ends_with_the_feed_and_before_it_has_begun(bus: FeedBus) -> None:
    async with Feed(bus).listen() as listener:
        assert [one async for one in listener] == []
    async with AsyncExitStack() as process:
        feed = await process.enter_async_context(running(bus))
        async with feed.listen() as listener:
            await begun(listener)
            await process.aclose()
            assert [one async for one in listener] == []
    assert bus.subscriptions == {}


async def test_data_comes_without_secrets_and_not_at_any_length(bus: FeedBus) -> None:
    async with running(bus) as feed, feed.listen() as listener:
        await begun(listener)
        secret = {"eventData": [{"actualValue": "hunter22", "variable": {"name": "Password"}}]}
        letter = {"topic": "t", "data": '{"password":"hunter22"}'}
        for topic, data in (
            ("NotifyEventRequest", secret),
            ("DeadLetter", letter),
            ("MessageRefused", "x" * limits.MAX_DATA),
        ):
            await bus.publish(topic, message(topic, data=data))
            found = await following(listener)
            assert isinstance(found, FeedMessage) and found.type == topic
            assert "hunter22" not in str(found.data)
    assert found.data is None and len(found.message.data) < 10
