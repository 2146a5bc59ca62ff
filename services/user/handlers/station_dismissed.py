"""StationDismissed: of a station that was deleted, whoever comes later under its id inherits nothing."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import STATION_DISMISSED, StationDismissed

from .. import reservations
from ..local_lists import wishes
from ..service import User, router


@router.on(STATION_DISMISSED)
async def station_dismissed(call: Call[StationDismissed], user: User) -> None:
    if call.request.deleted:
        await reservations.station_deleted(user, call.station_id, call.received_at, call.request.reason)
        await wishes.orphan(user, call.station_id, call.received_at)
