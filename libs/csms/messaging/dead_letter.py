"""What becomes of a message that no attempt could handle."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import msgspec

from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.event import DEAD_LETTER, DeadLetter
from libs.ocpp_messages.message import Kind, Message

from ..logs import describe
from .bus import Bus, Subscription

log = logging.getLogger(__name__)

MAX_REASON_LENGTH = 1_000
"""Characters of the reason that are published."""


async def publish_dead_letter(
    bus: Bus,
    subscription: Subscription,
    data: bytes,
    attributes: Mapping[str, str],
    *,
    attempts: int,
    error: BaseException,
    sent_at: str,
) -> None:
    """Log that a message is given up, and publish a ``DeadLetter``.

    ``attributes`` may have any names and values: they may be what is wrong. A ``DeadLetter`` that is given up
    is only logged, for it would come back for ever.
    """
    station_id = attributes.get("stationId", "")
    log.error(
        "%s: dead letter after %d attempts: %s",
        subscription.name,
        attempts,
        attributes.get("action", ""),
        extra={"stationId": station_id},
    )
    if subscription.topic == DEAD_LETTER.name:
        return
    reason = describe(error)[:MAX_REASON_LENGTH]
    event = DeadLetter(
        topic=subscription.topic,
        subscription=subscription.name,
        reason=reason.encode(errors="replace").decode(),
        attempts=attempts,
        data=_text(data),
        attributes=dict(attributes),
    )
    letter = Message(
        data=msgspec.json.encode(event),
        message_id=attributes.get("messageId", ""),
        station_id=station_id,
        action=DEAD_LETTER.name,
        kind=Kind.EVENT,
        sent_at=sent_at,
        origin=Direction.FROM_STATION,
        gateway_id=attributes.get("gatewayId", ""),
        connection_id=attributes.get("connectionId", ""),
    )
    await bus.publish(DEAD_LETTER.name, letter)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ""
