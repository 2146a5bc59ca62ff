"""NotifyEVChargingNeeds: what a vehicle needs, in the hope of a charging profile (K15)."""

from __future__ import annotations

from libs.csms.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..service import Ledger, router

Request = ocpp2.NotifyEVChargingNeedsRequest
Response = ocpp2.NotifyEVChargingNeedsResponse


@router.on(v201.NotifyEVChargingNeeds)
async def notify_ev_charging_needs_201(call: Call[Request], ledger: Ledger) -> Response:
    """Any other answer would promise a profile within a minute."""
    await ledger.journal.note(call)
    return Response(status="Rejected")


@router.on(v21.NotifyEVChargingNeeds)
async def notify_ev_charging_needs(call: Call[Request], ledger: Ledger) -> Response:
    """The vehicle charges as it would without having asked."""
    await ledger.journal.note(call)
    return Response(status="NoChargingProfile")
