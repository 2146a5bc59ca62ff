"""StationConnected: a gateway holds a new connection to a station."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import STATION_CONNECTED, StationConnected

from ..commands.ending import make_due
from ..commands.open_commands import AFTER_CONNECTING
from ..connection import Connection
from ..service import Device, router


@router.on(STATION_CONNECTED)
async def station_connected(call: Call[StationConnected], device: Device) -> None:
    newer = Connection(
        station_id=call.station_id,
        connection_id=call.message.connection_id,
        gateway_id=call.message.gateway_id,
        ocpp_version=call.message.ocpp_version,
        inbox=call.request.inbox,
        connected=True,
        connected_at=call.received_at,
        remote_address=call.request.remote_address or None,
        last_seen=call.received_at,
    )
    await device.connections.update(
        call.station_id, lambda known: newer if known is None else known.opened(newer)
    )
    station = await device.stations.get(call.station_id)
    is_unknown = station is not None and station.may_operate and station.lacks_inventory
    if await device.align(call.station_id) or is_unknown:
        await device.greet(call.station_id, newer.connection_id)
    await make_due(device, call.station_id, device.clock() + AFTER_CONNECTING)
