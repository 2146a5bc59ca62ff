"""NotifyEVChargingSchedule: the schedule that a vehicle has chosen (K17)."""

from __future__ import annotations

from libs.csms.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..service import Ledger, router


@router.on(v201.NotifyEVChargingSchedule, v21.NotifyEVChargingSchedule)
async def notify_ev_charging_schedule(
    call: Call[ocpp2.NotifyEVChargingScheduleRequest], ledger: Ledger
) -> ocpp2.NotifyEVChargingScheduleResponse:
    await ledger.journal.note(call)
    return ocpp2.NotifyEVChargingScheduleResponse(status="Accepted")
