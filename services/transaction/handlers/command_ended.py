"""CommandEnded: the charging profiles that stations have accepted, and composite schedules (K01–K10, K28)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import COMMAND_ENDED, CommandEnded

from ..charging_profiles import records
from ..service import Ledger, router


@router.on(COMMAND_ENDED)
async def command_ended(call: Call[CommandEnded], ledger: Ledger) -> None:
    if call.message.ocpp_version is None:
        return  # a station that has never been connected was sent nothing
    match call.request.action:
        case "SetChargingProfile":
            await records.profile_set(call, ledger)
        case "ClearChargingProfile":
            await records.profile_cleared(call, ledger)
        case "RemoteStartTransaction" | "RequestStartTransaction":
            await records.start_answered(call, ledger)
        case "GetChargingProfiles":
            await records.profiles_asked(call, ledger)
        case "UpdateDynamicSchedule":
            await records.schedule_updated(call, ledger)
        case "GetCompositeSchedule":
            await records.schedule_calculated(call, ledger)
