"""What belongs to one gateway on the bus: it deletes it itself, and others can when it was killed."""

from __future__ import annotations

import pytest

from libs.csms.clock import utc_now
from libs.csms.messaging.bus import Subscription
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.messaging.gateway_topics import every_of
from libs.csms.messaging.provision import provision
from services.websocket_gateway.context import GatewayContext, GatewayLimits
from services.websocket_gateway.gateway import Gateway
from services.websocket_gateway.routing import ByAction, Inbox


class RecordingBus(EmbeddedBus):
    """Knows what was created on it and not deleted since."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    async def create_topic(self, topic: str) -> None:
        await super().create_topic(topic)
        self.names.add(f"topic {topic}")

    async def create_subscription(self, subscription: Subscription) -> None:
        await super().create_subscription(subscription)
        self.names.add(f"subscription {subscription.name}")

    async def delete_topic(self, topic: str) -> None:
        await super().delete_topic(topic)
        self.names.discard(f"topic {topic}")

    async def delete_subscription(self, subscription: Subscription) -> None:
        await super().delete_subscription(subscription)
        self.names.discard(f"subscription {subscription.name}")


@pytest.fixture
async def bus() -> RecordingBus:
    bus = RecordingBus()
    await provision(bus, [Subscription("device.HeartbeatRequest", "HeartbeatRequest")])
    return bus


@pytest.mark.parametrize("routing", [ByAction, Inbox])
async def test_everything_that_a_gateway_creates_is_listed_by_its_id(
    bus: RecordingBus, routing: type[ByAction | Inbox]
) -> None:
    before = set(bus.names)
    context = GatewayContext(bus, routing("gw0"), utc_now, GatewayLimits())

    async with Gateway(context).consuming():
        created = bus.names - before

    listed = every_of("gw0")
    names = {f"topic {topic}" for topic in listed.topics}
    assert created and created <= names | {f"subscription {each.name}" for each in listed.subscriptions}
    assert bus.names == before


@pytest.mark.parametrize("routing", [ByAction, Inbox])
async def test_what_a_killed_gateway_leaves_can_be_deleted_and_nothing_else_goes(
    bus: RecordingBus, routing: type[ByAction | Inbox]
) -> None:
    await routing("gw00").topics.create(bus)
    before = set(bus.names)
    await routing("gw0").topics.create(bus)
    assert bus.names > before

    for _ in range(2):
        await every_of("gw0").delete(bus)
        assert bus.names == before


def test_what_is_listed_is_of_this_gateway_only_and_listed_once() -> None:
    listed = every_of("gw0")
    names = [each.name for each in listed.subscriptions]

    assert listed.topics == ["gateway-gw0"]
    assert len(set(names)) == len(names) > 100
    assert all(name == "gateway-gw0" or name.startswith("gateway-gw0.") for name in names)
    assert all(each.temporary for each in listed.subscriptions)
