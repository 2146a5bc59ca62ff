"""StationDeviated: a station has departed from OCPP, and what it sent was repaired or refused."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import STATION_DEVIATED, StationDeviated

from ..service import Deviations, router


@router.on(STATION_DEVIATED)
async def station_deviated(call: Call[StationDeviated], deviations: Deviations) -> None:
    await deviations.record(call.station_id, call.message.message_id, call.request.deviations)
