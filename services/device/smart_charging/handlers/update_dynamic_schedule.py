"""UpdateDynamicSchedule: the newest limits and setpoints of a dynamic profile (K28)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, v21

from ..dynamic_schedule import DynamicSchedule, schedule_id
from ..service import SmartCharging, router

Updated = Result[ocpp2.UpdateDynamicScheduleRequest, ocpp2.UpdateDynamicScheduleResponse]


@router.on_result(v21.UpdateDynamicSchedule)
async def update_dynamic_schedule(result: Updated, smart_charging: SmartCharging) -> None:
    """It may be known before the profile itself."""
    if result.status != "Accepted":
        return
    request = result.request
    update = DynamicSchedule.updated(request.schedule_update, result.command_id, result.answered_at)
    id = schedule_id(result.station_id, request.charging_profile_id)
    await smart_charging.profiles.dynamic_schedules.update(id, update.merge)
