from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from libs.csms.messaging.bus import Bus
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.messaging.pubsub.bus import PubSubBus

from .bus_tests import BACKOFF, prepare


@pytest.fixture(scope="package", autouse=True)
async def one_event_loop() -> AsyncIterator[None]:
    """grpc tells an event loop of what ends late. Were it closed, the test would fail that runs then."""
    yield


@pytest.fixture
def project() -> str:
    return f"test-{uuid4().hex[:12]}"


@pytest.fixture(params=["embedded", pytest.param("pubsub", marks=pytest.mark.emulator)])
async def bus(request: pytest.FixtureRequest, project: str) -> AsyncIterator[Bus]:
    """With the topics and subscriptions of ``bus_tests``."""
    if request.param == "embedded":
        embedded = EmbeddedBus(backoff=BACKOFF)
        await prepare(embedded)
        yield embedded
        return
    request.getfixturevalue("pubsub_emulator")
    pubsub = PubSubBus(project, backoff=BACKOFF)
    await prepare(pubsub)
    yield pubsub
    await pubsub.close()
