"""ReportChargingProfiles: the charging profiles that a station has, as it was asked (K09)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..model import ChargingProfile
from ..service import SmartCharging, router

Request = ocpp2.ReportChargingProfilesRequest


@router.on(v201.ReportChargingProfiles, v21.ReportChargingProfiles)
async def report_charging_profiles(
    call: Call[Request], smart_charging: SmartCharging
) -> ocpp2.ReportChargingProfilesResponse:
    if await smart_charging.append_message(call):
        for profile in ChargingProfile.reported(call.station_id, call.request, call.received_at):
            await smart_charging.add(profile)
        await smart_charging.report_received(call.station_id, call.request.request_id)
    return ocpp2.ReportChargingProfilesResponse()
