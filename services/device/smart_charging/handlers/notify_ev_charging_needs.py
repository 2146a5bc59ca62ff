"""NotifyEVChargingNeeds: what a vehicle needs, in the hope of a charging profile (K15, K18–K20)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..service import SmartCharging, router


@router.on(v201.NotifyEVChargingNeeds, v21.NotifyEVChargingNeeds)
async def notify_ev_charging_needs(
    call: Call[ocpp2.NotifyEVChargingNeedsRequest], smart_charging: SmartCharging
) -> ocpp2.NotifyEVChargingNeedsResponse:
    """The profile, if any, follows the answer."""
    await smart_charging.append_message(call)
    return ocpp2.NotifyEVChargingNeedsResponse(status=await smart_charging.negotiations.needed(call))
