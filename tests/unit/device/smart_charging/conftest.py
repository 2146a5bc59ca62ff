from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.csms.station_messages.log import MessageLog
from libs.csms.storage.sqlite.store import SqliteStore
from services.device.smart_charging.service import SmartCharging

from .operator import Clock, Commands, Operator, operating


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def commands() -> Commands:
    return Commands()


@pytest.fixture
async def smart_charging(tmp_path: Path, clock: Clock, commands: Commands) -> AsyncIterator[SmartCharging]:
    store = SqliteStore(tmp_path / "x.db")
    message_log = MessageLog.of(store, "device")
    yield SmartCharging.of(
        store,
        message_log,
        clock,
        append_message=message_log.append,
        variables=commands.variables,
        send_command=commands.send,
        sent_command=commands.sent_command,
        ev_policy="compute",
    )
    await store.close()


@pytest.fixture
async def operator(smart_charging: SmartCharging) -> AsyncIterator[Operator]:
    async with operating(smart_charging) as operator:
        yield operator
