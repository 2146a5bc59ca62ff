"""StationDeleted: of a station that was deleted, whoever comes later under its id inherits nothing."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import STATION_DELETED, StationDeleted

from .. import reservations
from ..local_lists import wishes
from ..service import User, router


@router.on(STATION_DELETED)
async def station_deleted(call: Call[StationDeleted], user: User) -> None:
    await reservations.station_deleted(user, call.station_id, call.received_at)
    await wishes.orphan(user, call.station_id, call.received_at)
