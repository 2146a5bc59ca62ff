"""StationsSeen: what stations send to other services shows too that they are alive."""

from __future__ import annotations

from datetime import timedelta

from libs.csms.messaging.router import Call
from libs.csms.parallel import each
from libs.ocpp_messages.event import STATIONS_SEEN, StationsSeen

from ..service import Connectivity, router


@router.on(STATIONS_SEEN)
async def stations_seen(call: Call[StationsSeen], connectivity: Connectivity) -> None:
    async def seen(found: tuple[str, int]) -> None:
        station_id, seconds = found
        await connectivity.seen(station_id, call.received_at - timedelta(seconds=seconds))

    await each(call.request.seconds_ago.items(), seen)
