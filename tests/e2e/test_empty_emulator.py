from __future__ import annotations

from pathlib import Path

import pytest

from libs.csms.messaging.bus import Subscription
from libs.csms.messaging.pubsub.bus import PubSubBus
from libs.ocpp_messages.catalogue import STATION_REQUEST_TOPICS

from ..ports import free_port
from .system import Process


@pytest.mark.emulator
async def test_a_service_gives_an_emulator_that_has_forgotten_everything_its_topics_back(
    tmp_path: Path, name: str, pubsub_emulator: str, firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, port = f"empty-{name}", free_port()
    variables = {
        "PUBSUB_EMULATOR_HOST": pubsub_emulator,
        "FIRESTORE_EMULATOR_HOST": firestore_emulator,
        "GOOGLE_CLOUD_PROJECT": project,
    }
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub_emulator)
    user = Process("user", ["run", "user", "--port", str(port)], variables, port, tmp_path / "user.log")
    bus = PubSubBus(project)
    try:
        await user.start()
        for topic in STATION_REQUEST_TOPICS:  # UnknownTopic, where there is none
            await bus.create_subscription(Subscription(f"test.{topic}", topic))
    finally:
        user.stop()
        await bus.close()
