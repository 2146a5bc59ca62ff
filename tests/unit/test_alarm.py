"""An alarm wakes a loop at every time that was set, once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from libs.csms.alarm import Alarm

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


async def has_come(alarm: Alarm) -> bool:
    """Without moving the time."""
    waiting = asyncio.ensure_future(alarm.wait(60))
    for _ in range(10):
        await asyncio.sleep(0)
    if waiting.done():
        return True
    waiting.cancel()
    return False


async def test_every_time_that_was_set_wakes_the_loop() -> None:
    clock = Clock()
    alarm = Alarm(clock)
    for seconds in (9, 3, 6):
        alarm.set(NOW + timedelta(seconds=seconds))

    woken = []
    for second in range(1, 11):
        clock.now = NOW + timedelta(seconds=second)
        if await has_come(alarm):
            woken.append(second)

    assert woken == [3, 6, 9]


async def test_a_time_in_the_past_wakes_the_loop_at_once_and_only_once() -> None:
    alarm = Alarm(Clock())
    alarm.set(NOW - timedelta(seconds=1))
    alarm.set(NOW)

    assert await has_come(alarm)
    assert not await has_come(alarm)


async def test_times_of_one_second_wake_the_loop_together() -> None:
    clock = Clock()
    alarm = Alarm(clock)
    alarm.set(NOW + timedelta(milliseconds=100))
    alarm.set(NOW + timedelta(milliseconds=900))

    clock.now = NOW + timedelta(milliseconds=950)
    assert not await has_come(alarm)
    clock.now = NOW + timedelta(seconds=1)
    assert await has_come(alarm)
    assert not await has_come(alarm)


async def test_a_time_set_while_the_loop_waits_wakes_it() -> None:
    alarm = Alarm(Clock())
    waiting = asyncio.ensure_future(alarm.wait(60))
    await asyncio.sleep(0)

    alarm.set(NOW)

    async with asyncio.timeout(5):
        await waiting
