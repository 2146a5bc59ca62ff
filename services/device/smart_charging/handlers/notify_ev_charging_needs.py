"""NotifyEVChargingNeeds: what a vehicle needs, in the hope of a charging profile (K15, K18–K20)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..service import SmartCharging, router

Request = ocpp2.NotifyEVChargingNeedsRequest
Response = ocpp2.NotifyEVChargingNeedsResponse


@router.on(v201.NotifyEVChargingNeeds)
async def notify_ev_charging_needs_v201(call: Call[Request], smart_charging: SmartCharging) -> Response:
    """Processing promises a profile, which only somebody can send who reads this by the API (K15.FR.05)."""
    await smart_charging.append_message(call)
    return Response(status="Processing" if smart_charging.answers_needs else "Rejected")


@router.on(v21.NotifyEVChargingNeeds)
async def notify_ev_charging_needs_v21(call: Call[Request], smart_charging: SmartCharging) -> Response:
    """In ISO 15118-20 a Rejected would end the transaction (K18.FR.22), so none is NoChargingProfile there
    (K19.FR.04); only ISO 15118-2 has parameters of AC or DC (K15.FR.06, K19.FR.06).
    """
    await smart_charging.append_message(call)
    if smart_charging.answers_needs:
        return Response(status="Processing")
    needs = call.request.charging_needs
    speaks_2 = needs.control_mode is None and (needs.ac_charging_parameters or needs.dc_charging_parameters)
    return Response(status="Rejected" if speaks_2 else "NoChargingProfile")
