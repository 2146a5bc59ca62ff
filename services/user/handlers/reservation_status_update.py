"""ReservationStatusUpdate: a reservation has expired or was removed at the station (H01, H04)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..reservation_news import News
from ..reservations import ended
from ..service import User, router


@router.on(v201.ReservationStatusUpdate, v21.ReservationStatusUpdate)
async def reservation_status_update(
    call: Call[ocpp2.ReservationStatusUpdateRequest], user: User
) -> ocpp2.ReservationStatusUpdateResponse:
    """NoTransaction (2.1): the driver came and did not plug in."""
    await user.message_log.append(call)
    told, at = call.request.reservation_update_status, call.received_at
    news = News(
        status="expired" if told == "Expired" else "removed",
        at=at,
        heard_at=at,
        reason=told if told == "NoTransaction" else None,
    )
    await ended(user, call.station_id, call.request.reservation_id, news)
    return ocpp2.ReservationStatusUpdateResponse()
