from __future__ import annotations

import asyncio
import os
import signal

import pytest

from libs.csms.lifespan import LoopEnded, Service, run


async def forever() -> None:
    await asyncio.Event().wait()


async def returns() -> None:
    await asyncio.sleep(0)


async def fails() -> None:
    raise RuntimeError("dead")


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

        return Service(name, [], [loop])

    async with asyncio.timeout(10):
        await run([service("first"), service("second")], lambda: os.kill(os.getpid(), signal.SIGTERM))

    assert stopped == ["second", "first"]


@pytest.mark.parametrize(("loop", "error"), [(fails, RuntimeError), (returns, LoopEnded)])
async def test_a_loop_that_is_dead_ends_the_process(loop: object, error: type[Exception]) -> None:
    with pytest.raises(BaseExceptionGroup) as raised:
        async with asyncio.timeout(10):
            await run([Service("one", [], [forever]), Service("two", [], [loop])], lambda: None)  # type: ignore[list-item]

    assert raised.value.subgroup(error) is not None


async def test_what_fails_at_its_first_step_has_not_started() -> None:
    with pytest.raises(BaseExceptionGroup) as raised:
        await run([Service("one", [], [forever, fails])], never_started)

    assert raised.value.subgroup(RuntimeError) is not None
