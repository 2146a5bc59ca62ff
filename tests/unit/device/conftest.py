from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from libs.csms.storage.store import Store
from libs.ocpp_messages.event import EVENTS
from services.device.api import device_api
from services.device.registry.model import Station
from services.device.service import Device

from ..rest import SETTINGS, client_of
from ..tables import store_with
from .bus import RecordingBus
from .operator import Operator, operating
from .station import NOW, Csms, StoppedClock


def tables(store: Store) -> None:
    Device.of(store, RecordingBus(), StoppedClock(NOW), SETTINGS)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(NOW)


@pytest.fixture
async def device(tmp_path: Path, clock: StoppedClock) -> AsyncIterator[Device]:
    store = await store_with(tables, tmp_path / "device.db")
    bus = RecordingBus()
    for event in EVENTS:
        await bus.create_topic(event.name)
    yield Device.of(store, bus, clock, SETTINGS)
    await store.close()


@pytest.fixture
def csms(device: Device, clock: StoppedClock) -> Csms:
    return Csms(device, clock)


@pytest.fixture
async def registered(device: Device) -> Station:
    return await device.registry.stations.update("CS1", lambda _: Station(id="CS1"))


@pytest.fixture
async def client(device: Device) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(device_api, device) as client:
        yield client


@pytest.fixture
async def operator(device: Device, clock: StoppedClock) -> AsyncIterator[Operator]:
    async with operating(device, clock) as operator:
        yield operator


@pytest.fixture
def station(operator: Operator, clock: StoppedClock, registered: Station) -> Csms:
    """A registered station, which an operator looks after."""
    return Csms(operator.device, clock)
