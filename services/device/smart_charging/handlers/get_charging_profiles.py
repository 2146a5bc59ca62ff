"""GetChargingProfiles: a report of all profiles follows, or the station has none (K09)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, v21, v201

from ..removal import Removal
from ..service import SmartCharging, router

Asked = Result[ocpp2.GetChargingProfilesRequest, ocpp2.GetChargingProfilesResponse]


@router.on_result(v201.GetChargingProfiles, v21.GetChargingProfiles)
async def get_charging_profiles(result: Asked, smart_charging: SmartCharging) -> None:
    """Where it asked for some only, the others may be there or not. NoProfiles is an empty report."""
    criteria = result.request.charging_profile
    of_some = (criteria.charging_profile_purpose, criteria.stack_level, criteria.charging_profile_id)
    if of_some != (None, None, None):
        return
    unreported = Removal(
        document_id=result.command_id,
        station_id=result.station_id,
        at=result.answered_at,
        evse_id=result.request.evse_id,
        sources=criteria.charging_limit_source,
        request_id=result.request.request_id,
    )
    match result.status:
        case "NoProfiles":
            await smart_charging.profiles.remove(unreported)
        case "Accepted":
            await smart_charging.report_requested(unreported)
