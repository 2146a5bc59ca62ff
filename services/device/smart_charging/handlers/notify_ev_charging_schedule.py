"""NotifyEVChargingSchedule: the schedule that a vehicle has chosen of what it was offered (K15–K17)."""

from __future__ import annotations

import msgspec

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..chosen_schedule import exceeds
from ..model import ChargingProfile, time_in
from ..service import SmartCharging, router

Request = ocpp2.NotifyEVChargingScheduleRequest
Response = ocpp2.NotifyEVChargingScheduleResponse

TOO_MUCH = ocpp2.StatusInfoType(reason_code="InvalidSchedule", additional_info="exceeds the TxProfile")


@router.on(v201.NotifyEVChargingSchedule, v21.NotifyEVChargingSchedule)
async def notify_ev_charging_schedule(call: Call[Request], smart_charging: SmartCharging) -> Response:
    """K15.FR.12: one that exceeds the TxProfile of the transaction on that EVSE is Rejected. After that a
    profile is offered again (K15.FR.13).
    """
    await smart_charging.append_message(call)
    exceeded = await _exceeds_offer(call, smart_charging)
    status = await smart_charging.negotiations.chosen(call, "Rejected" if exceeded else "Accepted")
    return Response(status=status, status_info=TOO_MUCH if status == "Rejected" else None)


async def _exceeds_offer(call: Call[Request], smart_charging: SmartCharging) -> bool:
    """Whether it exceeds each profile that it may have been chosen from."""
    begin = time_in({"timeBase": call.request.time_base}, "timeBase")
    if begin is None:
        return False
    for offered in await smart_charging.offered(call.station_id, call.request.evse_id, begin):
        if offered is None or not await _exceeds(call.request, offered, smart_charging):
            return False
    return True


async def _exceeds(chosen: Request, offered: ChargingProfile, smart_charging: SmartCharging) -> bool:
    newest = msgspec.json.encode(await smart_charging.profiles.newest(offered))
    profile = msgspec.json.decode(newest, type=ocpp2.ChargingProfileType)
    return exceeds(chosen, profile, offered.accepted_at or offered.known_at)
