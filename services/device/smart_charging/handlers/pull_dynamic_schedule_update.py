"""PullDynamicScheduleUpdate: a station asks for the newest limits of a dynamic profile (K28)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.csms.storage.store import Json
from libs.ocpp_messages import ocpp2, v21

from ..dynamic_schedule import is_dynamic, update_of
from ..model import EXTERNAL_CONSTRAINTS
from ..service import SmartCharging, router

Request = ocpp2.PullDynamicScheduleUpdateRequest
Response = ocpp2.PullDynamicScheduleUpdateResponse

NOT_FOUND = ocpp2.StatusInfoType(
    reason_code="NotFound", additional_info="no dynamic profile of that id is known"
)


@router.on(v21.PullDynamicScheduleUpdate)
async def pull_dynamic_schedule_update(call: Call[Request], smart_charging: SmartCharging) -> Response:
    await smart_charging.append_message(call)
    profile = await _newest(smart_charging, call.station_id, call.request.charging_profile_id)
    if profile is None:
        return Response(status="Rejected", status_info=NOT_FOUND)
    return Response(status="Accepted", schedule_update=update_of(profile))


async def _newest(smart_charging: SmartCharging, station_id: str, id: int) -> Json | None:
    """A profile of all EVSEs may be there for each of them: the one that was heard of last."""
    present = smart_charging.profiles.present(station_id, id=id)
    found = [one async for one in present if one.purpose != EXTERNAL_CONSTRAINTS]
    if not found:
        return None
    profile = await smart_charging.profiles.newest(max(found, key=lambda one: one.known_at))
    return profile if is_dynamic(profile) else None
