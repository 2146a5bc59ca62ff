"""StationConnected: schedules the first command that waits for the station."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import STATION_CONNECTED, StationConnected

from ..delivery import schedule_next
from ..scheduler import AFTER_CONNECTING
from ..service import Commands, router


@router.on(STATION_CONNECTED)
async def station_connected(call: Call[StationConnected], commands: Commands) -> None:
    await schedule_next(commands, call.station_id, commands.clock() + AFTER_CONNECTING)
