"""CommandEnded: the charging profiles that stations have accepted, and composite schedules (K01–K10, K28)."""

from __future__ import annotations

from libs.csms.router import Call
from libs.ocpp_messages.event import COMMAND_ENDED, CommandEnded

from .. import profile_records
from ..service import Ledger, router


@router.on(COMMAND_ENDED)
async def command_ended(call: Call[CommandEnded], ledger: Ledger) -> None:
    if call.message.ocpp_version is None:
        return  # a station that has never been connected was sent nothing
    match call.request.action:
        case "SetChargingProfile":
            await profile_records.profile_set(call, ledger)
        case "ClearChargingProfile":
            await profile_records.profile_cleared(call, ledger)
        case "RemoteStartTransaction" | "RequestStartTransaction":
            await profile_records.start_answered(call, ledger)
        case "GetChargingProfiles":
            await profile_records.profiles_asked(call, ledger)
        case "UpdateDynamicSchedule":
            await profile_records.schedule_updated(call, ledger)
        case "GetCompositeSchedule":
            await profile_records.schedule_calculated(call, ledger)
