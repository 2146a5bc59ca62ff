"""NotifyPriorityCharging: a driver begins or ends priority charging at the station (K)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..service import Ledger, router


@router.on(v21.NotifyPriorityCharging)
async def notify_priority_charging(
    call: Call[ocpp2.NotifyPriorityChargingRequest], ledger: Ledger
) -> ocpp2.NotifyPriorityChargingResponse:
    await ledger.message_log.append(call)
    return ocpp2.NotifyPriorityChargingResponse()
