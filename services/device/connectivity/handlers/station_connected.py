"""StationConnected: a gateway holds a new connection to a station."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import STATION_CONNECTED, StationConnected

from ..model import Connection
from ..service import Connectivity, router


@router.on(STATION_CONNECTED)
async def station_connected(call: Call[StationConnected], connectivity: Connectivity) -> None:
    connectivity.gateway_heard(call.message.gateway_id)
    await connectivity.open(
        Connection(
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
    )
