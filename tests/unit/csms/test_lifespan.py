from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from typing import cast

import pytest

from libs.csms.lifespan import LoopEnded, Service, run

NO_SOCKET = cast(socket.socket, None)
"""For services that accept nothing."""


async def forever() -> None:
    await asyncio.Event().wait()


async def returns() -> None:
    await asyncio.sleep(0)


async def fails() -> None:
    raise RuntimeError("dead")


async def accept(listener: socket.socket, started: Callable[[], None]) -> None:
    started()
    await forever()


def never_started() -> None:
    raise AssertionError("it has not started")


async def test_services_stop_in_reverse_order_when_the_process_is_told_to() -> None:
    stopped = []

    def service(name: str) -> Service:
        async def loop() -> None:
            try:
                await forever()
            finally:
                stopped.append(name)

        return Service(name, [], [loop], accept)

    task = asyncio.current_task()
    assert task is not None
    cancelling = (
        task.cancelling()
    )  # tests share a task, in which groups that failed leave traces on Python 3.11
    async with asyncio.timeout(10):
        services = [(service(name), NO_SOCKET) for name in ("first", "second")]
        await run(services, lambda: os.kill(os.getpid(), signal.SIGTERM))

    assert (stopped, task.cancelling()) == (["second", "first"], cancelling)


async def test_a_signal_ends_a_process_that_is_still_starting_too() -> None:
    starting, stopped = asyncio.Event(), asyncio.Event()

    async def never_accept(listener: socket.socket, started: Callable[[], None]) -> None:
        starting.set()
        try:
            await forever()
        finally:
            stopped.set()

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        process = tasks.create_task(run([(Service("one", [], [], never_accept), NO_SOCKET)], never_started))
        await starting.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await process

    assert stopped.is_set()


async def test_a_process_has_started_when_every_service_accepts_connections() -> None:
    accepting: list[str] = []

    def service(name: str) -> Service:
        async def serve(listener: socket.socket, started: Callable[[], None]) -> None:
            await asyncio.sleep(0)
            accepting.append(name)
            started()
            await forever()

        return Service(name, [], [], serve)

    def started() -> None:
        accepting.append("started")
        os.kill(os.getpid(), signal.SIGTERM)

    async with asyncio.timeout(10):
        await run([(service(name), NO_SOCKET) for name in ("first", "second")], started)

    assert accepting == ["first", "second", "started"]


async def test_a_cancellation_is_no_signal() -> None:
    started = asyncio.Event()
    process = asyncio.create_task(run([(Service("one", [], [], accept), NO_SOCKET)], started.set))
    await started.wait()
    process.cancel()
    await asyncio.wait({process})

    assert process.cancelled()


@pytest.mark.parametrize(("loop", "error"), [(fails, RuntimeError), (returns, LoopEnded)])
async def test_a_loop_that_is_dead_ends_the_process(loop: object, error: type[Exception]) -> None:
    with pytest.raises(BaseExceptionGroup) as raised:
        async with asyncio.timeout(10):
            one = Service("one", [], [forever], accept)
            two = Service("two", [], [loop], accept)  # type: ignore[list-item]
            await run([(one, NO_SOCKET), (two, NO_SOCKET)], lambda: None)

    assert raised.value.subgroup(error) is not None


async def test_what_fails_at_its_first_step_has_not_started() -> None:
    with pytest.raises(BaseExceptionGroup) as raised:
        await run([(Service("one", [], [forever, fails], accept), NO_SOCKET)], never_started)

    assert raised.value.subgroup(RuntimeError) is not None
