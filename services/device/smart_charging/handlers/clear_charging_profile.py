"""ClearChargingProfile: what a station has cleared, or does not know, is gone (K10; 1.6 §5.4)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201
from libs.ocpp_messages.version import Version

from ..model import EXTERNAL_CONSTRAINTS
from ..removal import Removal
from ..service import SmartCharging, router

KNOWN = {"Accepted", "Unknown"}
"""Statuses that say that the station has no such profile."""

Result16 = Result[ocpp16.ClearChargingProfileRequest, ocpp16.ClearChargingProfileResponse]
Result2 = Result[ocpp2.ClearChargingProfileRequest, ocpp2.ClearChargingProfileResponse]


@router.on_result(v16.ClearChargingProfile)
async def clear_charging_profile_v16(result: Result16, smart_charging: SmartCharging) -> None:
    if result.status not in KNOWN:
        return
    request = result.request
    removal = Removal(
        document_id=result.command_id,
        station_id=result.station_id,
        at=result.answered_at,
        id=request.id,
        evse_id=request.connector_id,
        purpose=request.charging_profile_purpose,
        stack_level=request.stack_level,
        except_purposes=[EXTERNAL_CONSTRAINTS],
    )
    await _cleared(removal, result.status == "Accepted", smart_charging)


@router.on_result(v201.ClearChargingProfile, v21.ClearChargingProfile)
async def clear_charging_profile_v2(result: Result2, smart_charging: SmartCharging) -> None:
    """Limits from outside stay (K10.FR.06). The command is pending until the registry knows what it did."""
    if result.status in KNOWN:
        criteria = result.request.charging_profile_criteria or ocpp2.ClearChargingProfileType()
        local = ["LocalGeneration"] if result.version is Version.V21 else []
        removal = Removal(
            document_id=result.command_id,
            station_id=result.station_id,
            at=result.answered_at,
            id=result.request.charging_profile_id,
            evse_id=criteria.evse_id,
            purpose=criteria.charging_profile_purpose,
            stack_level=criteria.stack_level,
            except_purposes=[EXTERNAL_CONSTRAINTS, *local],
        )
        await _cleared(removal, result.status == "Accepted", smart_charging)
    await smart_charging.profiles.command_ended(result.station_id, result.command_id)


async def _cleared(removal: Removal, is_accepted: bool, smart_charging: SmartCharging) -> None:
    """A station that knows of no such profile (Unknown) has none of them either. Given an id, it may look at
    that alone, so only an Accepted says that the profile of that id is gone whatever else was asked.
    """
    if removal.id is not None and is_accepted:
        removal = removal.changed(evse_id=None, purpose=None, stack_level=None)
    await smart_charging.profiles.remove(removal)
