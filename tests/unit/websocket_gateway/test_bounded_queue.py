"""The bounded queue between two tasks."""

from __future__ import annotations

import asyncio

from services.websocket_gateway.bounded_queue import BoundedQueue


async def test_items_come_out_in_order() -> None:
    queue: BoundedQueue[int] = BoundedQueue(3)

    assert [queue.try_put(n) for n in range(4)] == [True, True, True, False]

    assert [await queue.get() for _ in range(3)] == [0, 1, 2]


async def test_an_item_may_overtake_others_and_be_taken_out_of_its_turn() -> None:
    queue: BoundedQueue[int] = BoundedQueue(4)
    for n in (5, 1, 9):
        queue.try_put(n)

    assert queue.try_put(7, lambda other: other < 5)
    assert not queue.try_put(8, lambda other: True)
    assert [queue.take(lambda n: n > 6), queue.take(lambda n: n > 100)] == [7, None]

    assert [await queue.get() for _ in range(3)] == [5, 1, 9]


async def test_who_puts_waits_for_room_and_who_gets_for_an_item() -> None:
    queue: BoundedQueue[int] = BoundedQueue(1)
    got: list[int | None] = []

    async def put() -> None:
        for n in range(50):
            await queue.put(n)
        queue.close()

    async def get() -> None:
        while (item := await queue.get()) is not None:
            got.append(item)

    async with asyncio.timeout(2), asyncio.TaskGroup() as tasks:
        tasks.create_task(get())
        tasks.create_task(put())

    assert got == list(range(50))


async def test_what_is_in_a_closed_queue_comes_out() -> None:
    queue: BoundedQueue[int] = BoundedQueue(2)
    queue.try_put(1)

    queue.close()
    await queue.put(2)

    assert not queue.try_put(3)
    assert await queue.get() == 1
    assert await queue.get() is None


async def test_closing_releases_who_waits() -> None:
    full: BoundedQueue[int] = BoundedQueue(1)
    full.try_put(1)
    empty: BoundedQueue[int] = BoundedQueue(1)

    async with asyncio.timeout(2), asyncio.TaskGroup() as tasks:
        tasks.create_task(full.put(2))
        getting = tasks.create_task(empty.get())
        await asyncio.sleep(0)
        full.close()
        empty.close()

    assert getting.result() is None
