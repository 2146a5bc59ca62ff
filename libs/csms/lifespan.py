"""A process: services that run until a signal, each for as long as those that need it."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from .messaging.bus import Subscription

log = logging.getLogger(__name__)

Loop = Callable[[], Coroutine[None, None, None]]
Serve = Callable[[socket.socket, Callable[[], None]], Coroutine[None, None, None]]


@dataclass(frozen=True)
class Service:
    """A service ready to run. It ends in good order when its loops and its server are cancelled."""

    name: str
    """In its subscriptions, logs and settings, such as ``CSMS_<NAME>_PORT``."""
    subscriptions: Sequence[Subscription]
    """What must be provisioned for it."""
    loops: Sequence[Loop]
    """None of them returns by itself."""
    serve: Serve
    """Accepts connections on a listening socket, and calls its second argument as soon as it does."""


class LoopEnded(Exception):
    """A loop that should have run for as long as the process has returned."""


@asynccontextmanager
async def running(service: Service, listener: socket.socket) -> AsyncIterator[None]:
    """Run a service until the block ends. The block begins when the service accepts connections.

    When one of its loops fails, so does the block.
    """
    accepting = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        loops: list[Loop] = [*service.loops, partial(service.serve, listener, accepting.set)]
        started = [tasks.create_task(_forever(service, loop)) for loop in loops]
        await accepting.wait()
        yield
        for task in started:
            task.cancel()


async def _forever(service: Service, loop: Loop) -> None:
    await loop()
    raise LoopEnded(service.name)


async def run(services: Sequence[tuple[Service, socket.socket]], started: Callable[[], None]) -> None:
    """Run until SIGTERM or SIGINT. ``started`` is called when every service accepts connections.

    The services stop in reverse order, the last one first. A dead loop ends the process: raises what the loop
    raised, in an exception group.
    """
    async with until_signal(), AsyncExitStack() as stack:
        for service, listener in services:
            await stack.enter_async_context(running(service, listener))
        started()
        await asyncio.Event().wait()


@asynccontextmanager
async def until_signal() -> AsyncIterator[None]:
    """Cancel the block on SIGTERM or SIGINT; then it ends as if it were done."""
    main = asyncio.current_task()
    assert main is not None
    stopping = asyncio.Event()

    def stop() -> None:
        if not stopping.is_set():
            stopping.set()
            log.info("stopping")
            main.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        yield
    except asyncio.CancelledError:
        if not stopping.is_set():
            raise
        main.uncancel()
