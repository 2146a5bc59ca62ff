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
    """K15.FR.13: one that exceeds the TxProfile of the transaction on that EVSE is Rejected."""
    await smart_charging.append_message(call)
    offered = await _offered(call, smart_charging)
    if offered is not None:
        newest = msgspec.json.encode(await smart_charging.profiles.newest(offered))
        profile = msgspec.json.decode(newest, type=ocpp2.ChargingProfileType)
        if exceeds(call.request, profile, offered.accepted_at or offered.known_at):
            return Response(status="Rejected", status_info=TOO_MUCH)
    return Response(status="Accepted")


async def _offered(call: Call[Request], smart_charging: SmartCharging) -> ChargingProfile | None:
    """The TxProfile that rules when the vehicle's schedule begins."""
    begin = time_in({"timeBase": call.request.time_base}, "timeBase")
    if begin is None:
        return None
    of_evse = smart_charging.profiles.present(
        call.station_id, evseId=call.request.evse_id, purpose="TxProfile", awaitingTransaction=False
    )
    found = [one async for one in of_evse if one.source == "CSO" and one.is_valid_at(begin)]
    return max(found, key=lambda one: (one.stack_level, one.known_at), default=None)
