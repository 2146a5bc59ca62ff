from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from libs.csms.embedded_bus import EmbeddedBus
from libs.csms.http import create_app
from libs.csms.settings import Settings
from libs.csms.sqlite import SqliteStore
from services.device.api import api
from services.device.model import Station
from services.device.service import Device

from .station import NOW, Csms, StoppedClock


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOW)


@pytest.fixture
async def device(tmp_path: Path, clock: StoppedClock) -> AsyncIterator[Device]:
    store = SqliteStore(tmp_path / "device.db")
    yield Device.of(store, EmbeddedBus(), clock, Settings(_env_file=None))
    await store.close()


@pytest.fixture
def csms(device: Device, clock: StoppedClock) -> Csms:
    return Csms(device, clock)


@pytest.fixture
async def registered(device: Device) -> Station:
    return await device.stations.update("CS1", lambda _: Station(id="CS1"))


@pytest.fixture
async def client(device: Device) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app("Device service", api(device), Settings(_env_file=None))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://device") as client:
        yield client
