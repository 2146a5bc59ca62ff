"""NotifyPriorityCharging: a driver begins or ends priority charging at the station (K)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..service import SmartCharging, router


@router.on(v21.NotifyPriorityCharging)
async def notify_priority_charging(
    call: Call[ocpp2.NotifyPriorityChargingRequest], smart_charging: SmartCharging
) -> ocpp2.NotifyPriorityChargingResponse:
    await smart_charging.append_message(call)
    return ocpp2.NotifyPriorityChargingResponse()
