"""Heartbeat: a station is alive and asks for the time (G02)."""

from __future__ import annotations

from libs.csms.clock import rfc3339
from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..service import Connectivity, router


@router.on(v16.Heartbeat)
async def heartbeat_v16(
    call: Call[ocpp16.HeartbeatRequest], connectivity: Connectivity
) -> ocpp16.HeartbeatResponse:
    await connectivity.touch(call)
    return ocpp16.HeartbeatResponse(current_time=rfc3339(connectivity.clock()))


@router.on(v201.Heartbeat, v21.Heartbeat)
async def heartbeat_v2(
    call: Call[ocpp2.HeartbeatRequest], connectivity: Connectivity
) -> ocpp2.HeartbeatResponse:
    await connectivity.touch(call)
    return ocpp2.HeartbeatResponse(current_time=rfc3339(connectivity.clock()))
