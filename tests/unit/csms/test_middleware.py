from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from libs.csms.messaging.bus import MAX_ATTEMPTS, Subscription
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.messaging.middleware import Middleware, time_limit, wrap
from libs.csms.messaging.provision import provision
from libs.csms.messaging.router import Call, Router
from libs.ocpp_messages import ocpp16, v16
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.event import DEAD_LETTER
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
TIMEOUT = 10.0
"""Seconds until a test gives up."""


class Handled(asyncio.Queue[str]):
    """What the handler below has been called for, in that order. Those that it hangs at, it hangs at once."""

    def __init__(self, *hanging: str) -> None:
        super().__init__()
        self.hanging = set(hanging)


router: Router[Handled] = Router("test")


@router.on(v16.Heartbeat)
async def heartbeat(call: Call[ocpp16.HeartbeatRequest], handled: Handled) -> ocpp16.HeartbeatResponse:
    handled.put_nowait(call.message.message_id)
    if call.message.message_id in handled.hanging:
        handled.hanging.discard(call.message.message_id)
        await asyncio.Event().wait()
    return ocpp16.HeartbeatResponse(current_time="now")


def message(message_id: str = "1") -> Message:
    return Message(
        data=b"{}",
        message_id=message_id,
        station_id="CS1",
        action="Heartbeat",
        kind=Kind.CALL,
        origin=Direction.FROM_STATION,
        ocpp_version=Version.V16,
        sent_at="2026-03-01T09:59:00.000Z",
    )


async def test_a_handler_that_hangs_stops_nobody_and_its_message_comes_again() -> None:
    bus, handled = EmbeddedBus(backoff=0.01), Handled("1")
    await provision(bus, router.subscriptions)

    async with asyncio.timeout(TIMEOUT), asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(router.serve(bus, handled, lambda: NOW, [time_limit(0.02)]))
        for message_id in ("1", "2", "3"):
            await bus.publish("HeartbeatRequest", message(message_id))
        calls = [await handled.get() for _ in range(4)]
        serving.cancel()

    assert calls[0] == "1"
    assert sorted(calls[1:]) == ["1", "2", "3"]


async def test_a_handler_that_always_hangs_makes_a_dead_letter() -> None:
    bus, letters = EmbeddedBus(backoff=0.001), asyncio.Queue[Message]()
    dead_letters = Subscription("test.DeadLetter", DEAD_LETTER.name)
    await provision(bus, [*router.subscriptions, dead_letters])

    async def hang(message: Message) -> None:
        await asyncio.Event().wait()

    async with asyncio.timeout(TIMEOUT), asyncio.TaskGroup() as tasks:
        consumer = time_limit(0.01)(hang)
        loops = [
            tasks.create_task(bus.consume(router.subscriptions[0], consumer)),
            tasks.create_task(bus.consume(dead_letters, letters.put)),
        ]
        await bus.publish("HeartbeatRequest", message())
        letter = DEAD_LETTER.decode((await letters.get()).data)
        for loop in loops:
            loop.cancel()

    assert letter.attempts == MAX_ATTEMPTS
    assert letter.reason == "TimeoutError: the handler took longer than 0.01 s"


async def test_what_a_handler_raises_when_its_time_is_up_is_a_failure_and_no_shutdown() -> None:
    async def stubborn(message: Message) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise RuntimeError("interrupted") from None

    task = asyncio.current_task()
    assert task is not None
    cancelling = (
        task.cancelling()
    )  # tests share a task, in which groups that failed leave traces on Python 3.11
    with pytest.raises(RuntimeError, match="interrupted"):
        await time_limit(0.001)(stubborn)(message())

    assert task.cancelling() == cancelling


async def test_a_handler_that_hangs_is_late_also_after_one_whose_task_group_has_failed() -> None:
    async def fail() -> None:
        raise ValueError

    async def worker() -> None:
        with pytest.raises(ExceptionGroup):
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(fail())
        await time_limit(0.001)(hang)(message())

    async def hang(message: Message) -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await asyncio.create_task(worker())


async def test_a_shutdown_ends_a_handler_before_its_time_is_up() -> None:
    at_work = asyncio.Event()

    async def hang(message: Message) -> None:
        at_work.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(time_limit(TIMEOUT)(hang)(message()))  # type: ignore[arg-type]
    await at_work.wait()
    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()


async def test_a_shutdown_while_a_late_handler_is_being_ended_is_a_shutdown() -> None:
    ending = asyncio.Event()

    async def slow_to_end(message: Message) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ending.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(time_limit(0.001)(slow_to_end)(message()))  # type: ignore[arg-type]
    await ending.wait()
    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()


async def test_every_handler_has_the_whole_time_and_one_in_time_is_not_disturbed() -> None:
    """The second one begins when the timer has run for half of the first one's time."""
    limit, loop = 0.04, asyncio.get_running_loop()
    limited_at: dict[str, float] = {}

    async def consumer(message: Message) -> None:
        if message.message_id == "quick":
            return
        await asyncio.Event().wait()

    limited = time_limit(limit)(consumer)

    async def until_limited(message_id: str) -> None:
        started = loop.time()
        with pytest.raises(TimeoutError):
            await limited(message(message_id))
        limited_at[message_id] = loop.time() - started

    async with asyncio.timeout(TIMEOUT), asyncio.TaskGroup() as tasks:
        tasks.create_task(until_limited("first"))
        half = asyncio.Event()
        loop.call_later(limit / 2, half.set)
        await half.wait()
        await limited(message("quick"))
        tasks.create_task(until_limited("second"))

    assert set(limited_at) == {"first", "second"}
    assert min(limited_at.values()) > limit * 0.9  # The timers of an event loop are exact to a millisecond.


async def test_the_first_middleware_is_the_outermost() -> None:
    steps: list[str] = []

    def noting(name: str) -> Middleware:
        def around(consumer: object) -> object:
            async def consume(message: Message) -> None:
                steps.append(f"{name} before")
                await consumer(message)  # type: ignore[operator]
                steps.append(f"{name} after")

            return consume

        return around  # type: ignore[return-value]

    async def consumer(message: Message) -> None:
        steps.append("consumer")

    await wrap(consumer, [noting("outer"), noting("inner")])(message())

    assert steps == ["outer before", "inner before", "consumer", "inner after", "outer after"]
