"""NotifyChargingLimit: something other than the CSMS limits a station (K12, K13)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..service import SmartCharging, router


@router.on(v201.NotifyChargingLimit, v21.NotifyChargingLimit)
async def notify_charging_limit(
    call: Call[ocpp2.NotifyChargingLimitRequest], smart_charging: SmartCharging
) -> ocpp2.NotifyChargingLimitResponse:
    await smart_charging.append_message(call)
    return ocpp2.NotifyChargingLimitResponse()
