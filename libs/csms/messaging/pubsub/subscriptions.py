"""What a subscription is on Pub/Sub: its filter, its retention, and where its undeliverable messages go.

A message that kills the process that handles it would be delivered for ever. So Pub/Sub counts deliveries
and moves a message after ``MAX_DELIVERY_ATTEMPTS`` to the topic ``UndeliverableMessage``. Our own attempts do
not count, for they keep the lease: only a process that died, or stopped, with the message in work does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from google.pubsub_v1 import types

from libs.ocpp_messages.catalogue import STATION_REQUEST_TOPICS

from ..bus import Subscription

UNDELIVERABLE = Subscription("device.UndeliverableMessage", "UndeliverableMessage")
"""Not on ``DeadLetter``, where a consumer would take the message of a station for an event."""

MAX_DELIVERY_ATTEMPTS = 10

REQUEST_RETENTION = timedelta(days=1)
"""A station waits seconds for an answer and repeats what must not be lost. After a longer outage, answering
what nobody waits for would only delay what stations ask now."""

EVENT_RETENTION = timedelta(days=7)
TEMPORARY_RETENTION = timedelta(minutes=10)
EXPIRATION_OF_TEMPORARY = timedelta(days=1)
"""Pub/Sub deletes a temporary subscription that had no consumer for so long."""

UPDATABLE = ["message_retention_duration", "dead_letter_policy"]
"""The fields that a subscription gets by an update, if it was made before they had these values."""


def subscription_request(
    project: str, subscription: Subscription, ack_deadline: int, *, with_dead_letters: bool
) -> types.Subscription:
    """``project`` is the full name, ``ack_deadline`` is in seconds.

    The emulator must get it without dead letters: where messages are ordered, it does not move one that is
    undeliverable, and delivers nothing more of that station.
    """
    request = types.Subscription(
        name=f"{project}/subscriptions/{subscription.name}",
        topic=f"{project}/topics/{subscription.topic}",
        ack_deadline_seconds=ack_deadline,
        enable_message_ordering=True,
        message_retention_duration=_retention(subscription),
        expiration_policy=types.ExpirationPolicy(
            ttl=EXPIRATION_OF_TEMPORARY if subscription.temporary else None
        ),
    )
    if subscription.gateway_id:
        request.filter = f'attributes.gatewayId = "{subscription.gateway_id}"'
    if with_dead_letters and not subscription.temporary and subscription != UNDELIVERABLE:
        request.dead_letter_policy = types.DeadLetterPolicy(
            dead_letter_topic=f"{project}/topics/{UNDELIVERABLE.topic}",
            max_delivery_attempts=MAX_DELIVERY_ATTEMPTS,
        )
    return request


def _retention(subscription: Subscription) -> timedelta:
    if subscription.temporary:
        return TEMPORARY_RETENTION
    return REQUEST_RETENTION if subscription.topic in STATION_REQUEST_TOPICS else EVENT_RETENTION


class ProcessesDied(Exception):
    """No process that took the message has acknowledged it: each died, or was stopped, with it in work."""


@dataclass(frozen=True)
class Undeliverable:
    """What Pub/Sub says of a message that it moved to ``UndeliverableMessage``."""

    subscription: Subscription
    """Where it could not be delivered."""
    attempts: int
    """How often it was delivered there."""

    @classmethod
    def of(cls, attributes: Mapping[str, str]) -> Undeliverable | None:
        """None for a message that comes straight from its publisher."""
        name = attributes.get("CloudPubSubDeadLetterSourceSubscription")
        if name is None:
            return None
        attempts = attributes.get("CloudPubSubDeadLetterSourceDeliveryCount", "")
        topic = name.partition(".")[2]  # A service names its subscriptions <service>.<topic>.
        return cls(Subscription(name, topic), int(attempts) if attempts.isdecimal() else 0)
