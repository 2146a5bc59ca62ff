"""StationConnected: a local list that the station does not have yet is sent now."""

from __future__ import annotations

from datetime import timedelta

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import STATION_CONNECTED, StationConnected

from ..service import LocalLists, router

BOOT_TIME = timedelta(seconds=5)
"""A station that has just started sends its BootNotification first."""


@router.on(STATION_CONNECTED)
async def station_connected(call: Call[StationConnected], lists: LocalLists) -> None:
    at = call.received_at + BOOT_TIME
    await lists.change(call.station_id, lambda known, _: known.connected(at))
