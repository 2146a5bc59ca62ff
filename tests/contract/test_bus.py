"""Every bus passes these: what ``libs.csms.messaging.bus.Bus`` promises."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import pytest

from libs.csms.messaging.bus import Bus, Subscription, UnknownSubscription, UnknownTopic
from libs.csms.messaging.provision import TOPICS, provision
from libs.ocpp_messages.message import Message

from .bus_tests import (
    CONSOLE,
    DEVICE,
    TIMEOUT,
    TOPIC,
    Inbox,
    call,
    consuming,
)


async def test_a_message_arrives_with_all_its_attributes(bus: Bus) -> None:
    inbox = Inbox()

    async with consuming(bus, DEVICE, inbox):
        await bus.publish(TOPIC, call(gateway_id="g1"))
        await inbox.until("1")

    assert inbox.messages == [call(gateway_id="g1")]


@pytest.mark.parametrize("station_id", ["a/b", "100%", "%2F", " ", "Ladesäule 7", "充电站", "__x__", ".", ""])
async def test_any_text_is_a_station_id(bus: Bus, station_id: str) -> None:
    inbox = Inbox()

    async with consuming(bus, DEVICE, inbox):
        await bus.publish(TOPIC, call(station_id))
        await inbox.until("1")

    assert inbox.messages == [call(station_id)]


async def test_messages_wait_for_their_consumer(bus: Bus) -> None:
    inbox = Inbox()

    await bus.publish(TOPIC, call())
    async with consuming(bus, DEVICE, inbox):
        await inbox.until("1")

    assert inbox.ids == ["1"]


async def test_every_subscription_gets_every_message_once(bus: Bus) -> None:
    device, console = Inbox(), Inbox()
    ids = [str(number) for number in range(20)]

    async with consuming(bus, DEVICE, device), consuming(bus, CONSOLE, console):
        for id in ids:
            await bus.publish(TOPIC, call(message_id=id))
        await device.until(*ids)
        await console.until(*ids)

    assert device.ids == ids
    assert console.ids == ids


async def test_consumers_of_one_subscription_share_its_messages(bus: Bus) -> None:
    one, other = Inbox(), Inbox()
    ids = {str(number) for number in range(40)}

    async def everything() -> None:
        while len(one.ids) + len(other.ids) < len(ids):
            await asyncio.sleep(0.01)

    async with consuming(bus, DEVICE, one), consuming(bus, DEVICE, other):
        for id in ids:
            await bus.publish(TOPIC, call(f"CS-{id}", id))
        async with asyncio.timeout(TIMEOUT):
            await everything()

    assert set(one.ids) | set(other.ids) == ids
    assert not set(one.ids) & set(other.ids)


async def test_the_messages_of_a_station_keep_their_order(bus: Bus) -> None:
    stations, each = 30, 30
    at_work: set[str] = set()
    consumed: dict[str, list[int]] = defaultdict(list)
    finished = asyncio.Event()

    async def consumer(message: Message) -> None:
        assert message.station_id not in at_work
        at_work.add(message.station_id)
        await asyncio.sleep(0)
        at_work.remove(message.station_id)
        consumed[message.station_id].append(int(message.message_id))
        if sum(map(len, consumed.values())) == stations * each:
            finished.set()

    async with consuming(bus, DEVICE, consumer):
        async with asyncio.TaskGroup() as tasks:
            for number in range(each):
                for station in range(stations):
                    tasks.create_task(bus.publish(TOPIC, call(f"CS-{station}", str(number))))
        async with asyncio.timeout(TIMEOUT):
            await finished.wait()

    assert dict(consumed) == {f"CS-{station}": list(range(each)) for station in range(stations)}


async def test_a_station_that_is_stuck_or_failing_delays_no_other(bus: Bus) -> None:
    inbox = Inbox()
    ids = [str(number) for number in range(100)]

    async def consumer(message: Message) -> None:
        if message.station_id == "stuck":
            await asyncio.Event().wait()
        if message.station_id == "failing":
            raise RuntimeError("out of order")
        await inbox(message)

    async with consuming(bus, DEVICE, consumer):
        for id in ids:
            await bus.publish(TOPIC, call("stuck", f"stuck-{id}"))
            await bus.publish(TOPIC, call("failing", f"failing-{id}"))
            await bus.publish(TOPIC, call(f"CS-{id}", id))
        await inbox.until(*ids)

    assert sorted(inbox.ids) == sorted(ids)


async def test_later_messages_of_a_station_come_while_one_waits_for_its_next_attempt(bus: Bus) -> None:
    inbox = Inbox()

    async def consumer(message: Message) -> None:
        if message.message_id == "1" and "2" not in inbox.ids:
            raise RuntimeError("not before the second")
        await inbox(message)

    async with consuming(bus, DEVICE, consumer):
        await bus.publish(TOPIC, call(message_id="1"))
        await bus.publish(TOPIC, call(message_id="2"))
        await inbox.until("1", "2")

    assert inbox.ids == ["2", "1"]


async def test_a_restart_on_the_same_subscription_loses_nothing_and_waits_for_nothing(bus: Bus) -> None:
    ids = [str(number) for number in range(300)]
    done, inbox = Inbox(), Inbox()
    hands_full = asyncio.Event()

    async def stuck(message: Message) -> None:
        if int(message.message_id) % 3:
            return await done(message)
        hands_full.set()
        await asyncio.Event().wait()

    for id in ids:
        await bus.publish(TOPIC, call(f"CS-{int(id) % 50}", id))
    async with consuming(bus, DEVICE, stuck):
        async with asyncio.timeout(TIMEOUT):
            await hands_full.wait()
    async with consuming(bus, DEVICE, inbox):
        late = [f"late-{id}" for id in ids]
        for id in late:
            await bus.publish(TOPIC, call(f"CS-{id}", id))
        await inbox.until(*set(ids) - set(done.ids), *late, timeout=5)

    assert {*done.ids, *inbox.ids} == {*ids, *late}
    assert len(done.ids) + len(inbox.ids) == len(ids) + len(late)


async def test_a_gateway_gets_its_own_messages_only(bus: Bus) -> None:
    gateway = Subscription("gateway-g1.BootNotificationRequest", TOPIC, gateway_id="g1", temporary=True)
    inbox = Inbox()
    await bus.create_subscription(gateway)

    async with consuming(bus, gateway, inbox):
        for id, gateway_id in [("1", "g2"), ("2", ""), ("3", "g1"), ("4", "g11"), ("5", "g1")]:
            await bus.publish(TOPIC, call(f"CS-{id}", id, gateway_id))
        await inbox.until("3", "5")

    assert sorted(inbox.ids) == ["3", "5"]


async def test_an_unknown_topic_is_refused(bus: Bus) -> None:
    with pytest.raises(UnknownTopic):
        await bus.publish("NoSuchTopic", call())
    with pytest.raises(UnknownTopic):
        await bus.create_subscription(Subscription("device.NoSuchTopic", "NoSuchTopic"))


async def test_an_unknown_subscription_is_refused(bus: Bus) -> None:
    async with asyncio.timeout(TIMEOUT):
        with pytest.raises(UnknownSubscription):
            await bus.consume(Subscription("device.nothing", TOPIC), Inbox())


async def test_a_subscription_that_is_deleted_ends_its_consumer(bus: Bus) -> None:
    gateway = Subscription("gateway-g1.BootNotificationRequest", TOPIC, gateway_id="g1", temporary=True)
    inbox = Inbox()
    await bus.create_subscription(gateway)

    async def consume_until_deleted() -> None:
        with pytest.raises(UnknownSubscription):
            await bus.consume(gateway, inbox)

    async with asyncio.timeout(TIMEOUT), asyncio.TaskGroup() as tasks:
        tasks.create_task(consume_until_deleted())
        await bus.publish(TOPIC, call(gateway_id="g1"))
        await inbox.until("1")
        await bus.delete_subscription(gateway)

    with pytest.raises(UnknownSubscription):
        await bus.consume(gateway, inbox)


async def test_deleting_what_is_not_there_does_nothing(bus: Bus) -> None:
    await bus.delete_subscription(Subscription("device.nothing", TOPIC))
    await bus.delete_topic("NoSuchTopic")


async def test_a_topic_that_is_deleted_is_unknown(bus: Bus) -> None:
    await bus.delete_topic(TOPIC)

    with pytest.raises(UnknownTopic):
        await bus.publish(TOPIC, call())


async def test_provisioning_creates_every_topic_and_may_run_again(bus: Bus) -> None:
    inbox = Inbox()
    async with asyncio.timeout(10):
        await provision(bus, [DEVICE, CONSOLE])

    await bus.publish(TOPIC, call())
    await provision(bus, [DEVICE, CONSOLE])
    for topic in TOPICS:
        await bus.publish(topic, call(message_id="2"))
    async with consuming(bus, DEVICE, inbox):
        await inbox.until("1", "2")

    assert inbox.ids == ["1", "2"]
    assert {"HeartbeatRequest", "HeartbeatResponse", "ResetRequest", "ResetResponse"} <= set(TOPICS)
    assert {"StationConnected", "StationDisconnected", "DeadLetter"} <= set(TOPICS)
