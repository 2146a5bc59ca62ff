"""ClearedChargingLimit: a limit from outside has ended (K12)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..service import SmartCharging, router


@router.on(v201.ClearedChargingLimit, v21.ClearedChargingLimit)
async def cleared_charging_limit(
    call: Call[ocpp2.ClearedChargingLimitRequest], smart_charging: SmartCharging
) -> ocpp2.ClearedChargingLimitResponse:
    await smart_charging.append_message(call)
    return ocpp2.ClearedChargingLimitResponse()
