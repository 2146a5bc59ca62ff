from __future__ import annotations

import asyncio

import pytest

from services.websocket_gateway.time_limit import TimeLimit


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


async def test_work_that_takes_too_long_is_ended_and_the_next_one_has_its_own_time() -> None:
    limit, clock, task = TimeLimit(), asyncio.get_running_loop().time, asyncio.current_task()
    assert task is not None
    cancelling = task.cancelling()  # all tests run in one task
    for _ in range(3):
        with pytest.raises(TimeoutError), limit.until(clock()):
            await forever()
    with limit.until(clock() + 60):
        await asyncio.sleep(0)

    assert task.cancelling() == cancelling


async def test_a_limit_that_is_over_already_leaves_work_that_does_not_wait_alone() -> None:
    limit, done = TimeLimit(), False
    with limit.until(0):
        done = True
    await asyncio.sleep(0)

    assert done


async def test_work_that_fails_or_is_cancelled_by_others_is_not_late() -> None:
    limit, clock = TimeLimit(), asyncio.get_running_loop().time
    with pytest.raises(ValueError), limit.until(clock() + 60):
        raise ValueError

    async def limited() -> None:
        with TimeLimit().until(clock() + 60):
            await forever()

    task = asyncio.create_task(limited())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_who_is_cancelled_and_late_at_once_is_cancelled() -> None:
    async def limited() -> None:
        with TimeLimit().until(asyncio.get_running_loop().time()):
            await forever()

    task = asyncio.create_task(limited())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
