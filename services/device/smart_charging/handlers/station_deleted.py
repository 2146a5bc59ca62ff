"""StationDeleted: a new station with the id of a deleted one has none of its charging profiles."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import STATION_DELETED, StationDeleted

from ..service import SmartCharging, router


@router.on(STATION_DELETED)
async def station_deleted(call: Call[StationDeleted], smart_charging: SmartCharging) -> None:
    await smart_charging.station_deleted(call.station_id, call.received_at)
