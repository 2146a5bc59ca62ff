"""StationDeleted: the list of the station goes; another station that gets its id inherits nothing."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import STATION_DELETED, StationDeleted

from ..service import LocalLists, router


@router.on(STATION_DELETED)
async def station_deleted(call: Call[StationDeleted], lists: LocalLists) -> None:
    await lists.station_deleted(call.station_id, call.received_at)
