"""Names of what belongs to one gateway process on the bus."""

from __future__ import annotations

from collections.abc import Sequence

from libs.ocpp_messages.catalogue import COMMAND_REQUEST_TOPICS, STATION_RESPONSE_TOPICS
from libs.ocpp_messages.event import STATION_ACCESS_REVOKED, STATION_CONNECTED

from .bus import Subscription


def topics_of(gateway_id: str) -> Sequence[str]:
    return [f"gateway-{gateway_id}"]


def subscriptions_of(gateway_id: str) -> Sequence[Subscription]:
    topics = [*STATION_RESPONSE_TOPICS, *COMMAND_REQUEST_TOPICS]
    topics += [STATION_CONNECTED.name, STATION_ACCESS_REVOKED.name]
    names = [f"gateway-{gateway_id}", *(f"gateway-{gateway_id}.{topic}" for topic in topics)]
    return [Subscription(name, name, temporary=True) for name in names]
