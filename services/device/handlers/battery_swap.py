"""BatterySwap: a driver puts batteries in, or takes them out (S)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..service import Device, router


@router.on(v21.BatterySwap)
async def battery_swap(call: Call[ocpp2.BatterySwapRequest], device: Device) -> ocpp2.BatterySwapResponse:
    await device.note(call)
    return ocpp2.BatterySwapResponse()
