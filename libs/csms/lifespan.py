"""A process: services whose loops run until a signal, each for as long as those that need it."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from .messaging.bus import Subscription

log = logging.getLogger(__name__)

Loop = Callable[[], Coroutine[None, None, None]]


@dataclass(frozen=True)
class Service:
    """A service ready to run: its loops never return by themselves, and end in good order when cancelled."""

    name: str
    subscriptions: Sequence[Subscription]
    loops: Sequence[Loop]


class LoopEnded(Exception):
    """A loop that should have run for as long as the process has returned."""


@asynccontextmanager
async def running(service: Service) -> AsyncIterator[None]:
    """Run a service's loops until the block ends. When one of them fails, so does the block."""
    async with asyncio.TaskGroup() as tasks:
        started = [tasks.create_task(_forever(service, loop)) for loop in service.loops]
        yield
        for task in started:
            task.cancel()


async def _forever(service: Service, loop: Loop) -> None:
    await loop()
    raise LoopEnded(service.name)


async def run(services: Sequence[Service], started: Callable[[], None]) -> None:
    """Run until SIGTERM or SIGINT. The services stop in reverse order, the last one first.

    A dead loop ends the process: raises what the loop raised, in an exception group.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        for service in services:
            await stack.enter_async_context(running(service))
        await asyncio.sleep(0)  # the first step of every loop, which shows whether it can begin at all
        started()
        await stop.wait()
        log.info("stopping")
