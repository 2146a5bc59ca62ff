"""What one station can fill the disk with, and what is stored all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.csms.settings import Settings
from libs.csms.station_messages.log import MAX_PAYLOAD_BEYOND_QUOTA
from libs.csms.storage.sqlite.store import SqliteStore
from libs.ocpp_messages.event import EVENTS, MessageRefused
from libs.ocpp_messages.version import Version
from services.device.api import device_api
from services.device.registry.model import Station
from services.device.service import Device
from tests.unit.device.bus import RecordingBus
from tests.unit.device.station import NOW, Csms, StoppedClock, after
from tests.unit.rest import client_of

V16, V21 = Version.V16, Version.V21
MAX_MESSAGES, MAX_BYTES = 20, 1_000_000
AT = "2026-11-20T11:00:00Z"
NAMES = {"component": {"name": "C"}, "variable": {"name": "V"}}
LONG = {"vendorId": "V", "data": "x" * 800_000}


class System:
    """The device service with a small quota, and its disk."""

    def __init__(self, store: SqliteStore, device: Device, http: httpx.AsyncClient, folder: Path) -> None:
        self.store = store
        self.device = device
        self.http = http
        self.csms = Csms(device, StoppedClock(NOW))
        self._folder = folder

    async def used_up(self) -> None:
        for number in range(MAX_MESSAGES):
            answer = await self.csms.call("DataTransfer", {"vendorId": "V"}, at=after(number))
            assert answer == {"status": "UnknownVendorId"}

    def file_bytes(self) -> int:
        return sum(file.stat().st_size for file in self._folder.iterdir())

    async def messages(self, **filters: str) -> list[Any]:
        answer = await self.http.get("/chargingstations/CS1/messages", params={"pageSize": "1000", **filters})
        return list(answer.json()["items"])

    async def usage(self) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.http.get("/chargingstations/CS1/messages/usage")).json()
        return answer


@pytest.fixture
async def make_system(tmp_path: Path) -> AsyncIterator[Callable[[float], Any]]:
    stores: list[SqliteStore] = []

    async def make(min_free_disk: float) -> System:
        store = SqliteStore(tmp_path / "csms.db", min_free_disk)
        stores.append(store)
        bus, clock = RecordingBus(), StoppedClock(NOW)
        for event in EVENTS:
            await bus.create_topic(event.name)
        settings = Settings(
            _env_file=None, stored_messages_per_day=MAX_MESSAGES, stored_bytes_per_day=MAX_BYTES
        )
        device = Device.of(store, bus, clock, settings)
        await device.registry.stations.update("CS1", lambda _: Station(id="CS1"))
        http = client_of(device_api, device)
        return System(store, device, await http.__aenter__(), tmp_path)

    yield make
    for store in stores:
        await store.close()


@pytest.fixture
async def system(make_system: Callable[[float], Any]) -> System:
    made: System = await make_system(0)
    return made


async def test_long_messages_without_end_are_answered_and_fill_no_disk(system: System) -> None:
    before = system.file_bytes()
    answers = await asyncio.gather(
        *(system.csms.call("DataTransfer", LONG, at=after(number)) for number in range(300))
    )

    assert answers == [{"status": "UnknownVendorId"}] * 300
    assert system.file_bytes() - before < 10 * MAX_BYTES
    assert len(await system.messages()) == 1
    usage = await system.usage()
    assert (usage["stored"], usage["notStored"], usage["day"]) == (1, 299, "2026-11-20")


async def test_after_so_many_messages_no_other_is_stored_until_midnight(system: System) -> None:
    await system.used_up()
    await system.csms.call("DataTransfer", {"vendorId": "V"}, at=after(100))

    assert len(await system.messages()) == MAX_MESSAGES
    await system.csms.call("DataTransfer", {"vendorId": "V"}, at=after(12 * 3600))
    assert len(await system.messages()) == MAX_MESSAGES + 1
    await system.csms.call("DataTransfer", {"vendorId": "V"}, station_id="CS2")
    assert await system.device.messages.log.messages.count({}) == MAX_MESSAGES + 2


@pytest.mark.parametrize("version", [V16, V21])
async def test_security_events_are_stored_whatever_else_a_station_sends(
    system: System, version: Version
) -> None:
    await system.used_up()
    for number in range(50):
        event = {"type": f"Tamper{number}", "timestamp": AT}
        assert await system.csms.call("SecurityEventNotification", event, version=version) == {}

    assert len(await system.messages(action="SecurityEventNotification")) == 50


async def test_a_security_event_beyond_the_quota_is_stored_without_what_no_honest_one_has(
    system: System,
) -> None:
    event = {"type": "Tamper", "timestamp": AT, "customData": {"vendorId": "V", "x": "x" * 800_000}}
    for number in range(3):
        await system.csms.call("SecurityEventNotification", event | {"type": f"T{number}"}, version=V21)

    payloads = [one["payload"] for one in await system.messages()]
    withheld = {"withheld": f"more than {MAX_PAYLOAD_BEYOND_QUOTA} bytes"}
    assert (len(payloads), payloads.count(withheld)) == (3, 2)


async def test_refused_messages_with_money_are_stored_whatever_else_a_station_sends(system: System) -> None:
    await system.used_up()
    for number in range(50):
        refused = MessageRefused(
            "StopTransaction", str(number), {"meterStop": number}, "FormationViolation", "r"
        )
        await system.csms.event(refused)

    assert len(await system.messages(action="StopTransaction")) == 50


async def test_reports_beyond_the_quota_change_nothing(system: System) -> None:
    await system.used_up()
    variable = {**NAMES, "variableAttribute": [{"value": "1"}]}
    monitor = {"id": 1, "transaction": False, "value": 1, "type": "Delta", "severity": 5}
    event = {"eventId": 1, "timestamp": AT, "trigger": "Delta", "actualValue": "1", **NAMES}
    event |= {"eventNotificationType": "CustomMonitor"}
    head = {"requestId": 1, "seqNo": 0, "generatedAt": AT}
    assert await system.csms.call("NotifyReport", {**head, "reportData": [variable]}) == {}
    monitors = [{**NAMES, "variableMonitoring": [monitor]}]
    assert await system.csms.call("NotifyMonitoringReport", {**head, "monitor": monitors}) == {}
    assert await system.csms.call("NotifyEvent", {"seqNo": 0, "generatedAt": AT, "eventData": [event]}) == {}

    model = system.device.device_model
    assert await model.variables.count({"stationId": "CS1"}) == 0
    assert await model.monitors.count({"stationId": "CS1"}) == 0
    assert await model.events.count({}) == 0
    assert (await system.http.get("/chargingstations/CS1/reports")).json()["items"] == []
    assert (await system.usage())["notStored"] == 3


async def test_a_disk_that_is_almost_full_is_left_to_transactions_and_security(
    make_system: Callable[[float], Any], caplog: pytest.LogCaptureFixture
) -> None:
    system: System = await make_system(100)
    for number in range(5):
        answer = await system.csms.call("DataTransfer", LONG, at=after(number))
        assert answer == {"status": "UnknownVendorId"}
    await system.csms.call("SecurityEventNotification", {"type": "Tamper", "timestamp": AT})

    assert [one["action"] for one in await system.messages()] == ["SecurityEventNotification"]
    assert (await system.http.get("/summary")).json()["diskAlmostFull"] is True
    assert (await system.http.get("/readyz")).status_code == 200
    assert [record.levelname for record in caplog.records if "of the disk" in record.getMessage()] == [
        "ERROR"
    ]


async def test_a_disk_with_room_is_not_mentioned(system: System) -> None:
    assert "diskAlmostFull" not in (await system.http.get("/summary")).json()
