"""StationConnected: a local list that has not been brought to the station is tried again."""

from __future__ import annotations

from datetime import timedelta

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import STATION_CONNECTED, StationConnected

from ..service import User, router

AFTER_CONNECTING = timedelta(seconds=5)
"""A station that has just started sends its BootNotification first."""


@router.on(STATION_CONNECTED)
async def station_connected(call: Call[StationConnected], user: User) -> None:
    at = call.received_at + AFTER_CONNECTING
    await user.local_lists.change(call.station_id, lambda known: known.connected(at))
