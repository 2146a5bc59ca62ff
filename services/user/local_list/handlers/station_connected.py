"""StationConnected: a local list that the station does not have yet is sent now."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import STATION_CONNECTED, StationConnected

from ..model import LocalList
from ..service import LocalLists, router


@router.on(STATION_CONNECTED)
async def station_connected(call: Call[StationConnected], lists: LocalLists) -> None:
    await lists.change(call.station_id, LocalList.connected)
