"""Tells gateways that a station has lost its access, and everybody that it is no more."""

from __future__ import annotations

import uuid

from libs.csms.clock import rfc3339
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import (
    STATION_ACCESS_REVOKED,
    STATION_DELETED,
    EventData,
    StationAccessRevoked,
    StationDeleted,
)
from libs.ocpp_messages.message import Kind, Message

from .service import Device


async def revoke_access(device: Device, station_id: str, reason: str) -> None:
    """After that which is the reason is durable: those that ask for admission from now on are spared."""
    await _publish(device, station_id, STATION_ACCESS_REVOKED.name, StationAccessRevoked(reason=reason))


async def announce_deletion(device: Device, station_id: str) -> None:
    await _publish(device, station_id, STATION_DELETED.name, StationDeleted())


async def _publish(device: Device, station_id: str, topic: str, event: EventData) -> None:
    message = Message(
        data=encode(event),
        message_id=uuid.uuid4().hex,
        station_id=station_id,
        action=topic,
        kind=Kind.EVENT,
        sent_at=rfc3339(device.clock()),
        origin=Direction.FROM_STATION,
    )
    await device.bus.publish(topic, message)
