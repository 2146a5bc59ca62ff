from __future__ import annotations

from pathlib import Path

from libs.csms.clock import utc_now
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.settings import Settings
from libs.csms.storage.sqlite.store import SqliteStore
from services.device.app import device_service


async def test_the_service_consumes_what_it_has_handlers_for(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "device.db")

    service = device_service(Settings(_env_file=None), EmbeddedBus(), store, utc_now)
    await store.close()

    assert service.name == "device"
    assert {subscription.topic for subscription in service.subscriptions} >= {
        "BootNotificationRequest",
        "DeadLetter",
        "HeartbeatRequest",
        "StationConnected",
        "StationDisconnected",
        "StatusNotificationRequest",
    }
