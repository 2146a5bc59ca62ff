"""ClearedChargingLimit: a limit from outside has ended, and so have its charging profiles (K12)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..removal import released_by
from ..service import SmartCharging, router


@router.on(v201.ClearedChargingLimit, v21.ClearedChargingLimit)
async def cleared_charging_limit(
    call: Call[ocpp2.ClearedChargingLimitRequest], smart_charging: SmartCharging
) -> ocpp2.ClearedChargingLimitResponse:
    await smart_charging.append_message(call)
    for removal in released_by(call.station_id, call.request, call.received_at):
        await smart_charging.profiles.remove(removal)
    return ocpp2.ClearedChargingLimitResponse()
