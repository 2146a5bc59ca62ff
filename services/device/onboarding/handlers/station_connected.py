"""StationConnected: a station that is new, or was away, is asked soon."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import STATION_CONNECTED, StationConnected

from ..service import Onboardings, router


@router.on(STATION_CONNECTED)
async def station_connected(call: Call[StationConnected], onboardings: Onboardings) -> None:
    """Runs after the handler of the connectivity package, which stores the connection."""
    connection = await onboardings.commands.connectivity.connection(call.station_id)
    if connection.connection_id != call.message.connection_id:
        return
    station = await onboardings.commands.registry.get(call.station_id)
    if station is None or not (station.may_operate or station.must_boot):
        return
    if (
        station.must_boot
        or connection.was_absent(onboardings.min_absence)
        or await onboardings.lacks_inventory(station)
    ):
        await onboardings.schedule(call.station_id, connection.connection_id)
