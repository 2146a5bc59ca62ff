"""The topics and subscriptions of one gateway process: it alone knows their names.

A gateway creates its own when it starts and deletes them when it stops. When it was killed, whoever
notices its death deletes them: ``every_of``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from libs.ocpp_messages.catalogue import COMMAND_REQUEST_TOPICS, STATION_RESPONSE_TOPICS
from libs.ocpp_messages.event import (
    COMMAND_CANCELLED,
    REGISTRATION_STATUS_CHANGED,
    STATION_ACCESS_REVOKED,
    STATION_CONNECTED,
    STATION_WATCHED,
)

from ..parallel import each
from .bus import Bus, Subscription

CONCURRENCY = 20
"""Topics or subscriptions that are created or deleted at the same time."""


@dataclass(frozen=True)
class GatewayTopics:
    topics: Sequence[str]
    """Topics that this gateway alone consumes."""
    subscriptions: Sequence[Subscription]
    """Subscriptions that this gateway alone consumes, to its own topics and to shared ones."""

    async def create(self, bus: Bus) -> None:
        """Does nothing for those that exist. Raises ``UnknownTopic`` if a shared topic does not exist."""
        await each(self.topics, bus.create_topic, CONCURRENCY)
        await each(self.subscriptions, bus.create_subscription, CONCURRENCY)

    async def delete(self, bus: Bus) -> None:
        """Does nothing for those that do not exist."""
        await each(self.subscriptions, bus.delete_subscription, CONCURRENCY)
        await each(self.topics, bus.delete_topic, CONCURRENCY)


def inbox_of(gateway_id: str) -> str:
    """The topic for commands to, and answers for, the stations of one gateway."""
    return f"gateway-{gateway_id}"


def inbox_topics_of(gateway_id: str) -> GatewayTopics:
    """What a gateway needs that has an inbox."""
    inbox = inbox_of(gateway_id)
    subscription = Subscription(inbox, inbox, gateway_id=gateway_id, temporary=True)
    return GatewayTopics([inbox], [subscription, *_event_subscriptions(gateway_id)])


def action_topics_of(gateway_id: str) -> GatewayTopics:
    """What a gateway needs that shares the topics of the actions with all others."""
    topics = sorted({*STATION_RESPONSE_TOPICS, *COMMAND_REQUEST_TOPICS, COMMAND_CANCELLED.name})
    filtered = [
        Subscription(_name(gateway_id, topic), topic, gateway_id=gateway_id, temporary=True)
        for topic in topics
    ]
    return GatewayTopics([], [*filtered, *_event_subscriptions(gateway_id)])


def every_of(gateway_id: str) -> GatewayTopics:
    """Everything that a gateway may have created, however its messages were routed."""
    inbox, actions = inbox_topics_of(gateway_id), action_topics_of(gateway_id)
    subscriptions = {each.name: each for each in (*inbox.subscriptions, *actions.subscriptions)}
    return GatewayTopics([*inbox.topics, *actions.topics], list(subscriptions.values()))


def _event_subscriptions(gateway_id: str) -> list[Subscription]:
    """Every gateway gets all of these: they concern a connection of a station, on whatever gateway."""
    events = STATION_CONNECTED, STATION_ACCESS_REVOKED, REGISTRATION_STATUS_CHANGED, STATION_WATCHED
    return [Subscription(_name(gateway_id, event.name), event.name, temporary=True) for event in events]


def _name(gateway_id: str, topic: str) -> str:
    return f"gateway-{gateway_id}.{topic}"
