"""GetCompositeSchedule: the last schedule that a station calculated for an EVSE is kept (K08; 1.6 §5.7)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..composite_schedule import CompositeSchedule
from ..service import SmartCharging, router

Result16 = Result[ocpp16.GetCompositeScheduleRequest, ocpp16.GetCompositeScheduleResponse]
Result2 = Result[ocpp2.GetCompositeScheduleRequest, ocpp2.GetCompositeScheduleResponse]


@router.on_result(v16.GetCompositeSchedule)
async def get_composite_schedule_v16(result: Result16, smart_charging: SmartCharging) -> None:
    request, response = result.request, result.response
    if response is None or response.status != "Accepted" or response.charging_schedule is None:
        return
    composite = CompositeSchedule.calculated(
        result.station_id,
        request.connector_id if response.connector_id is None else response.connector_id,
        request.duration,
        response.schedule_start,
        response.charging_schedule,
        result.answered_at,
    )
    await smart_charging.profiles.composite_schedules.update(composite.document_id, composite.merge)


@router.on_result(v201.GetCompositeSchedule, v21.GetCompositeSchedule)
async def get_composite_schedule_v2(result: Result2, smart_charging: SmartCharging) -> None:
    response = result.response
    if response is None or response.status != "Accepted" or response.schedule is None:
        return
    schedule, at = response.schedule, result.answered_at
    composite = CompositeSchedule.calculated(
        result.station_id, schedule.evse_id, schedule.duration, schedule.schedule_start, schedule, at
    )
    await smart_charging.profiles.composite_schedules.update(composite.document_id, composite.merge)
