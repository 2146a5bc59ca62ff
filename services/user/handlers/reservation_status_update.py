"""ReservationStatusUpdate: a reservation has expired or was removed at the station (H01, H04)."""

from __future__ import annotations

from libs.csms.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..service import User, router


@router.on(v201.ReservationStatusUpdate, v21.ReservationStatusUpdate)
async def reservation_status_update(
    call: Call[ocpp2.ReservationStatusUpdateRequest], user: User
) -> ocpp2.ReservationStatusUpdateResponse:
    await user.journal.note(call)
    return ocpp2.ReservationStatusUpdateResponse()
