"""Ends the connection of a station that may not have it any more, on whatever gateway it is."""

from __future__ import annotations

import uuid

from libs.csms.clock import rfc3339
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import STATION_DISMISSED, StationDismissed
from libs.ocpp_messages.message import Kind, Message

from .service import Device


async def dismiss(device: Device, station_id: str, dismissed: StationDismissed) -> None:
    """When that for which it is dismissed is durable: those that ask for admission from now on are spared."""
    message = Message(
        data=encode(dismissed),
        message_id=uuid.uuid4().hex,
        station_id=station_id,
        action=STATION_DISMISSED.name,
        kind=Kind.EVENT,
        sent_at=rfc3339(device.clock()),
        origin=Direction.FROM_STATION,
    )
    await device.bus.publish(STATION_DISMISSED.name, message)
