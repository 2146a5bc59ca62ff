"""ReportChargingProfiles: the charging profiles that a station has, as it was asked (K09)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..charging_profiles import records
from ..charging_profiles.profile import ChargingProfile
from ..service import Ledger, router

Request = ocpp2.ReportChargingProfilesRequest


@router.on(v201.ReportChargingProfiles, v21.ReportChargingProfiles)
async def report_charging_profiles(
    call: Call[Request], ledger: Ledger
) -> ocpp2.ReportChargingProfilesResponse:
    await ledger.message_log.append(call)
    for profile in ChargingProfile.reported(call.station_id, call.request, call.received_at):
        await records.known(ledger, profile)
    await records.report_received(ledger, call.station_id, call.request.request_id)
    return ocpp2.ReportChargingProfilesResponse()
