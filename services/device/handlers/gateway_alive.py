"""GatewayAlive: a gateway process still runs."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import GATEWAY_ALIVE, GatewayAlive

from ..model import Gateway
from ..service import Device, router


@router.on(GATEWAY_ALIVE)
async def gateway_alive(call: Call[GatewayAlive], device: Device) -> None:
    id, at = call.message.gateway_id, call.received_at
    await device.gateways.update(
        id, lambda known: Gateway(id=id, last_seen=at) if known is None else known.seen(at)
    )
