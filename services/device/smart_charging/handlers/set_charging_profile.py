"""SetChargingProfile: the station has the profile that it accepted (K01, K04; 1.6 §5.16)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..model import ChargingProfile
from ..service import SmartCharging, router

Result16 = Result[ocpp16.SetChargingProfileRequest, ocpp16.SetChargingProfileResponse]
Result2 = Result[ocpp2.SetChargingProfileRequest, ocpp2.SetChargingProfileResponse]


@router.on_result(v16.SetChargingProfile)
async def set_charging_profile_v16(result: Result16, smart_charging: SmartCharging) -> None:
    if result.status != "Accepted":
        return
    request = result.request
    profile = ChargingProfile.accepted(
        result.station_id, request.connector_id, request.cs_charging_profiles, result.answered_at
    )
    await smart_charging.accept(profile, result.command_id, result.version)


@router.on_result(v201.SetChargingProfile, v21.SetChargingProfile)
async def set_charging_profile_v2(result: Result2, smart_charging: SmartCharging) -> None:
    """It is pending until what it did is in the registry."""
    request = result.request
    if result.status == "Accepted":
        profile = ChargingProfile.accepted(
            result.station_id, request.evse_id, request.charging_profile, result.answered_at
        )
        await smart_charging.accept(profile, result.command_id, result.version)
    await smart_charging.profiles.command_ended(result.station_id, result.command_id)
    status = result.ended.station_status or result.ended.status
    await smart_charging.negotiations.offer_ended(
        result.station_id, request.evse_id, result.command_id, status
    )
