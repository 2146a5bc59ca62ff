"""StationDeleted: the reservations of the station end."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import STATION_DELETED, StationDeleted

from ..service import Reservations, router


@router.on(STATION_DELETED)
async def station_deleted(call: Call[StationDeleted], reservations: Reservations) -> None:
    await reservations.station_deleted(call.station_id, call.received_at)
