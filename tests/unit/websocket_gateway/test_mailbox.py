"""The queue between two tasks."""

from __future__ import annotations

import asyncio

from services.websocket_gateway.mailbox import Mailbox


async def test_items_come_out_in_order() -> None:
    box: Mailbox[int] = Mailbox(3)

    assert [box.offer(n) for n in range(4)] == [True, True, True, False]

    assert [await box.take() for _ in range(3)] == [0, 1, 2]


async def test_who_puts_waits_for_room_and_who_takes_for_an_item() -> None:
    box: Mailbox[int] = Mailbox(1)
    taken: list[int | None] = []

    async def put() -> None:
        for n in range(50):
            await box.put(n)
        box.close()

    async def take() -> None:
        while (item := await box.take()) is not None:
            taken.append(item)

    async with asyncio.timeout(2), asyncio.TaskGroup() as tasks:
        tasks.create_task(take())
        tasks.create_task(put())

    assert taken == list(range(50))


async def test_what_is_in_a_closed_mailbox_can_be_taken() -> None:
    box: Mailbox[int] = Mailbox(2)
    box.offer(1)

    box.close()
    await box.put(2)

    assert not box.offer(3)
    assert await box.take() == 1
    assert await box.take() is None


async def test_closing_releases_who_waits() -> None:
    full: Mailbox[int] = Mailbox(1)
    full.offer(1)
    empty: Mailbox[int] = Mailbox(1)

    async with asyncio.timeout(2), asyncio.TaskGroup() as tasks:
        tasks.create_task(full.put(2))
        taking = tasks.create_task(empty.take())
        await asyncio.sleep(0)
        full.close()
        empty.close()

    assert taking.result() is None
