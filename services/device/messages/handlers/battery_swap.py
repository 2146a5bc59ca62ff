"""BatterySwap: a driver puts batteries in, or takes them out (S)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..service import Messages, router


@router.on(v21.BatterySwap)
async def battery_swap(call: Call[ocpp2.BatterySwapRequest], messages: Messages) -> ocpp2.BatterySwapResponse:
    await messages.append(call)
    return ocpp2.BatterySwapResponse()
