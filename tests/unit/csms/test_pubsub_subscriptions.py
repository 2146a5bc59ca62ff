"""What Pub/Sub is asked for. The emulator loses undeliverable messages, so it is not asked to move them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from libs.csms.messaging.bus import Subscription
from libs.csms.messaging.pubsub.subscriptions import (
    MAX_DELIVERY_ATTEMPTS,
    UNDELIVERABLE,
    subscription_request,
)

REQUESTS = Subscription("device.BootNotificationRequest", "BootNotificationRequest")
EVENTS = Subscription("device.StationConnected", "StationConnected")
DEAD_LETTERS = Subscription("device.DeadLetter", "DeadLetter")
GATEWAY = Subscription("gateway-g1", "gateway-g1", gateway_id="g1", temporary=True)


@pytest.mark.parametrize("subscription", [REQUESTS, EVENTS, DEAD_LETTERS])
def test_what_a_service_cannot_take_without_dying_goes_to_a_topic_of_its_own(
    subscription: Subscription,
) -> None:
    request = subscription_request("projects/p", subscription, 10, with_dead_letters=True)

    assert request.name == f"projects/p/subscriptions/{subscription.name}"
    assert request.topic == f"projects/p/topics/{subscription.topic}"
    assert request.enable_message_ordering
    assert request.dead_letter_policy.dead_letter_topic == "projects/p/topics/UndeliverableMessage"
    assert request.dead_letter_policy.max_delivery_attempts == MAX_DELIVERY_ATTEMPTS == 10


@pytest.mark.parametrize("subscription", [UNDELIVERABLE, GATEWAY])
def test_undeliverable_messages_and_those_of_one_gateway_go_nowhere_else(subscription: Subscription) -> None:
    request = subscription_request("projects/p", subscription, 10, with_dead_letters=True)

    assert "dead_letter_policy" not in request


def test_the_emulator_is_asked_for_no_dead_letters() -> None:
    request = subscription_request("projects/p", REQUESTS, 10, with_dead_letters=False)

    assert "dead_letter_policy" not in request


@pytest.mark.parametrize(
    ("subscription", "retention"),
    [
        (REQUESTS, timedelta(days=1)),
        (EVENTS, timedelta(days=7)),
        (DEAD_LETTERS, timedelta(days=7)),
        (UNDELIVERABLE, timedelta(days=7)),
        (GATEWAY, timedelta(minutes=10)),
    ],
)
def test_requests_are_kept_for_a_shorter_time_than_events(
    subscription: Subscription, retention: timedelta
) -> None:
    request = subscription_request("projects/p", subscription, 10, with_dead_letters=True)

    assert request.message_retention_duration == retention


def test_only_the_subscription_of_a_gateway_expires_and_is_filtered() -> None:
    requests = {
        one.name: subscription_request("projects/p", one, 10, with_dead_letters=True)
        for one in (REQUESTS, GATEWAY)
    }

    assert requests[REQUESTS.name].expiration_policy.ttl == timedelta(0)
    assert requests[GATEWAY.name].expiration_policy.ttl == timedelta(days=1)
    assert requests[REQUESTS.name].filter == ""
    assert requests[GATEWAY.name].filter == 'attributes.gatewayId = "g1"'
