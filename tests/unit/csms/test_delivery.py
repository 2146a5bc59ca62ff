from __future__ import annotations

import asyncio
import gc

import pytest

from libs.csms.clock import utc_now
from libs.csms.messaging.bus import MAX_ATTEMPTS, Consumer, Subscription
from libs.csms.messaging.delivery import Backoff, Delivery, StationQueues, WorkerPool
from libs.csms.messaging.embedded import EmbeddedBus
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.errors import Unparseable
from libs.ocpp_messages.event import DEAD_LETTER
from libs.ocpp_messages.message import Kind, Message

SUBSCRIPTION = Subscription("device.StationConnected", "StationConnected")
NO_PAUSE = Backoff(0.0, 0.0)
TIMEOUT = 30.0
"""Seconds until a test gives up."""


def event(station_id: str, message_id: str = "1") -> Message:
    return Message(
        data=b"{}",
        message_id=message_id,
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
    async with asyncio.timeout(TIMEOUT), asyncio.TaskGroup() as tasks:
        consuming = tasks.create_task(bus.consume(SUBSCRIPTION, consumer))
        await all_finished.wait()
        consuming.cancel()

    assert most == 3


async def test_an_idle_worker_holds_no_message() -> None:
    """There is one for each station that had a message in work at the same time, of each subscription."""
    bus, consumed = EmbeddedBus(), asyncio.Semaphore(0)
    await bus.create_topic(SUBSCRIPTION.topic)
    await bus.create_subscription(SUBSCRIPTION)

    async def consumer(message: Message) -> None:
        await asyncio.sleep(0)
        consumed.release()

    async with asyncio.timeout(TIMEOUT), asyncio.TaskGroup() as tasks:
        consuming = tasks.create_task(bus.consume(SUBSCRIPTION, consumer))
        for number in range(5):
            await bus.publish(SUBSCRIPTION.topic, event(f"held-{number}"))
        for _ in range(5):
            await consumed.acquire()
        await asyncio.sleep(0)
        gc.collect()  # what only cycles of references hold, nobody does
        held = [each for each in gc.get_objects() if isinstance(each, Delivery)]
        consuming.cancel()

    assert [each for each in held if each.message.station_id.startswith("held-")] == []


async def test_there_are_no_more_workers_than_messages_in_work_and_one() -> None:
    bus = EmbeddedBus(concurrency=100)
    await bus.create_topic(SUBSCRIPTION.topic)
    await bus.create_subscription(SUBSCRIPTION)
    handled: asyncio.Queue[Message] = asyncio.Queue()

    async with asyncio.timeout(TIMEOUT), asyncio.TaskGroup() as tasks:
        consuming = tasks.create_task(bus.consume(SUBSCRIPTION, handled.put))
        await asyncio.sleep(0)
        before = len(asyncio.all_tasks())
        for number in range(50):
            await bus.publish(SUBSCRIPTION.topic, event(f"CS-{number}"))
            await handled.get()
        workers = len(asyncio.all_tasks()) - before
        consuming.cancel()

    assert workers <= 2


async def test_publishing_on_the_embedded_bus_lets_nobody_else_run_in_between() -> None:
    bus = EmbeddedBus()
    await bus.create_topic(SUBSCRIPTION.topic)
    await bus.create_subscription(SUBSCRIPTION)
    publishing = bus.publish(SUBSCRIPTION.topic, event("CS-1"))

    with pytest.raises(StopIteration):
        publishing.send(None)


def queued(*message_ids: str, station_id: str = "CS-1") -> StationQueues:
    queues = StationQueues()
    for message_id in message_ids:
        queues.append(Delivery(event(station_id, message_id)))
    return queues


async def next_of(queues: StationQueues) -> str:
    """The id of the message that is taken next. Its station is released."""
    async with asyncio.timeout(TIMEOUT):
        delivery = await queues.take()
    queues.release(delivery.message.station_id)
    return delivery.message.message_id


def pool(
    queues: StationQueues,
    consumer: Consumer,
    acknowledged: list[str] | None = None,
    *,
    backoff: Backoff = NO_PAUSE,
    bus: EmbeddedBus | None = None,
) -> WorkerPool:
    done = [] if acknowledged is None else acknowledged
    return WorkerPool(
        bus or EmbeddedBus(),
        SUBSCRIPTION,
        queues,
        consumer,
        lambda delivery: done.append(delivery.message.message_id),
        size=10,
        backoff=backoff,
        clock=utc_now,
    )


async def test_what_is_put_back_comes_before_the_younger_messages_of_its_station() -> None:
    queues = queued("1", "2", "3")
    first = await queues.take()
    queues.appendleft(first)
    queues.release("CS-1")

    assert [await next_of(queues) for _ in range(3)] == ["1", "2", "3"]


async def test_what_is_put_back_when_nothing_else_waits_is_taken_again() -> None:
    queues = queued("1")
    first = await queues.take()
    queues.release("CS-1")
    queues.appendleft(first)

    assert await next_of(queues) == "1"


async def test_a_station_whose_message_is_in_work_is_not_taken_a_second_time() -> None:
    queues = queued("1", "2")
    await queues.take()
    queues.append(Delivery(event("CS-1", "3")))
    queues.append(Delivery(event("CS-2", "other")))

    assert await next_of(queues) == "other"
    queues.release("CS-1")
    assert [await next_of(queues) for _ in range(2)] == ["2", "3"]


async def test_a_failed_message_overtakes_the_younger_ones_that_still_wait_after_its_pause() -> None:
    queues = queued("1", "2", "3")
    attempts: list[str] = []
    finished = asyncio.Event()

    async def consumer(message: Message) -> None:
        attempts.append(message.message_id)
        if len(attempts) == 1:
            raise RuntimeError("out of order")
        if len(attempts) == 2:  # The pause of the first one ends meanwhile.
            loop = asyncio.get_running_loop()
            over = asyncio.Event()
            loop.call_later(0.0, loop.call_soon, over.set)
            await over.wait()
        if len(attempts) == 4:
            finished.set()

    async with asyncio.timeout(TIMEOUT), asyncio.TaskGroup() as tasks:
        tasks.create_task(pool(queues, consumer).run())
        await finished.wait()
        queues.closed.set()

    assert attempts == ["1", "2", "1", "3"]


async def test_what_is_in_work_when_the_queues_are_closed_is_put_back_in_its_place() -> None:
    queues = queued("1", "2")
    in_work = asyncio.Event()
    acknowledged: list[str] = []

    async def consumer(message: Message) -> None:
        in_work.set()
        await asyncio.Event().wait()

    async with asyncio.timeout(TIMEOUT), asyncio.TaskGroup() as tasks:
        tasks.create_task(pool(queues, consumer, acknowledged).run())
        await in_work.wait()
        queues.closed.set()

    assert acknowledged == []
    assert [await next_of(queues) for _ in range(2)] == ["1", "2"]


async def test_a_message_is_acknowledged_once_it_is_handled_and_not_while_it_fails() -> None:
    queues = queued("1")
    acknowledged: list[str] = []
    seen: list[list[str]] = []

    async def consumer(message: Message) -> None:
        seen.append(list(acknowledged))
        if len(seen) < MAX_ATTEMPTS:
            raise RuntimeError("out of order")
        asyncio.get_running_loop().call_soon(queues.closed.set)

    async with asyncio.timeout(TIMEOUT):
        await pool(queues, consumer, acknowledged).run()

    assert seen == [[]] * MAX_ATTEMPTS
    assert acknowledged == ["1"]


@pytest.mark.parametrize("error", [RuntimeError("out of order"), Unparseable("not JSON")])
async def test_a_message_is_acknowledged_when_its_dead_letter_is_published_and_not_before(
    error: Exception,
) -> None:
    bus, queues = EmbeddedBus(), queued("1", "last")
    acknowledged: list[str] = []
    attempts = 0

    async def consumer(message: Message) -> None:
        nonlocal attempts
        if message.message_id == "last":
            return
        attempts += 1
        if attempts == MAX_ATTEMPTS + 1:  # Its dead letter could not be published until now.
            assert acknowledged == ["last"]
            await bus.create_topic(DEAD_LETTER.name)
            asyncio.get_running_loop().call_later(0.01, queues.closed.set)
        raise error

    async with asyncio.timeout(TIMEOUT):
        await pool(queues, consumer, acknowledged, bus=bus).run()

    assert (attempts, acknowledged) == (MAX_ATTEMPTS + 1, ["last", "1"])


async def test_the_pause_grows_with_the_failures_of_a_message() -> None:
    queues = queued("1")
    times: list[float] = []
    clock = asyncio.get_running_loop().time

    async def consumer(message: Message) -> None:
        times.append(clock())
        if len(times) < 4:
            raise RuntimeError("out of order")
        asyncio.get_running_loop().call_soon(queues.closed.set)

    async with asyncio.timeout(TIMEOUT):
        await pool(queues, consumer, backoff=Backoff(0.01, 1.0)).run()

    pauses = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
    assert all(pause >= least for pause, least in zip(pauses, [0.01, 0.02, 0.04], strict=True)), pauses
