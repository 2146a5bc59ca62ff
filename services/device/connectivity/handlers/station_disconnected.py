"""StationDisconnected: a connection to a station has ended."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import STATION_DISCONNECTED, StationDisconnected

from ..model import Connection
from ..service import Connectivity, router


@router.on(STATION_DISCONNECTED)
async def station_disconnected(call: Call[StationDisconnected], connectivity: Connectivity) -> None:
    """May be delivered before StationConnected of the same connection, or after that of a newer one."""
    await connectivity.close(
        Connection(
            station_id=call.station_id,
            connection_id=call.message.connection_id,
            gateway_id=call.message.gateway_id,
            ocpp_version=call.message.ocpp_version,
            disconnected_at=call.received_at,
            close_code=call.request.code,
            close_reason=call.request.reason,
            last_seen=call.received_at,
        )
    )
