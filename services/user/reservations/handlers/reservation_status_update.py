"""ReservationStatusUpdate: a reservation has expired or was removed at the station (H01, H04)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..model import ReservationEnd
from ..service import Reservations, router


@router.on(v201.ReservationStatusUpdate, v21.ReservationStatusUpdate)
async def reservation_status_update(
    call: Call[ocpp2.ReservationStatusUpdateRequest], reservations: Reservations
) -> ocpp2.ReservationStatusUpdateResponse:
    """NoTransaction (2.1): the driver came and did not plug in."""
    await reservations.message_log.append(call)
    status, at = call.request.reservation_update_status, call.received_at
    end = ReservationEnd(
        status="expired" if status == "Expired" else "removed",
        at=at,
        received_at=at,
        reason=status if status == "NoTransaction" else None,
    )
    await reservations.ended(call.station_id, call.request.reservation_id, end)
    return ocpp2.ReservationStatusUpdateResponse()
