"""A whole CSMS in this process, with what it logs, publishes and stores in the tests' hands."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from libs.csms import logs
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.ocpp_messages.message import Message
from services import processes
from tests.e2e.system import free_port

SERVICES = ("device", "transaction", "user")


class RecordingBus(EmbeddedBus):
    def __init__(self) -> None:
        super().__init__()
        self.published: list[tuple[str, Message]] = []

    async def publish(self, topic: str, message: Message) -> None:
        self.published.append((topic, message))
        await super().publish(topic, message)


@dataclass
class RunningCsms:
    gateway: str
    """Its WebSocket address up to the station's id."""
    apis: dict[str, str]
    """Addresses, by service."""
    bus: RecordingBus
    database: Path
    log: io.StringIO


@contextmanager
def _logged(patch: pytest.MonkeyPatch, level: str) -> Iterator[io.StringIO]:
    """What the process would write to its standard output."""
    root, log = logging.getLogger(), io.StringIO()
    handlers, level_before = root.handlers[:], root.level
    root.handlers.clear()
    with patch.context() as replaced:
        replaced.setattr(sys, "stdout", log)
        logs.configure("csms", level)
    try:
        yield log
    finally:
        root.handlers[:] = handlers
        root.setLevel(level_before)


@asynccontextmanager
async def running_csms(folder: Path, log_level: str, **settings: object) -> AsyncIterator[RunningCsms]:
    """As ``csms up`` runs it, on the embedded pair."""
    bus = RecordingBus()

    @asynccontextmanager
    async def recorded(_: object) -> AsyncIterator[processes.Pair]:
        store = SqliteStore(folder / "csms.db")
        try:
            yield bus, store
        finally:
            await store.close()

    ports = {f"{name}_port": free_port() for name in ("gateway", "console", *SERVICES)}
    with pytest.MonkeyPatch.context() as patch, _logged(patch, log_level) as log:
        patch.setitem(processes._BACKENDS, "embedded", recorded)
        started = asyncio.Event()
        running = asyncio.create_task(
            processes.run_all(load(data_dir=folder, **ports, **settings), started.set)
        )
        waiting = asyncio.create_task(started.wait())
        await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
        try:
            assert started.is_set(), running.result()
            yield RunningCsms(
                f"ws://127.0.0.1:{ports['gateway_port']}/ocpp",
                {name: f"http://127.0.0.1:{ports[f'{name}_port']}" for name in SERVICES},
                bus,
                folder / "csms.db",
                log,
            )
            assert not running.done(), running.result()
        finally:
            running.cancel()
            await asyncio.gather(running, waiting, return_exceptions=True)
