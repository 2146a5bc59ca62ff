"""CancelReservation: a station has cancelled a reservation (H02).

A station that rejects it does not know the reservation, from which nothing follows about its end.
"""

from __future__ import annotations

from datetime import datetime

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201

from ..model import ReservationEnd
from ..service import Reservations, router


@router.on_result(v16.CancelReservation)
async def cancel_reservation_v16(
    result: Result[ocpp16.CancelReservationRequest, ocpp16.CancelReservationResponse],
    reservations: Reservations,
) -> None:
    if result.status == "Accepted":
        end = _cancelled(result.answered_at)
        await reservations.ended(result.station_id, result.request.reservation_id, end)


@router.on_result(v201.CancelReservation, v21.CancelReservation)
async def cancel_reservation_v2(
    result: Result[ocpp2.CancelReservationRequest, ocpp2.CancelReservationResponse],
    reservations: Reservations,
) -> None:
    if result.status == "Accepted":
        end = _cancelled(result.answered_at)
        await reservations.ended(result.station_id, result.request.reservation_id, end)


def _cancelled(at: datetime) -> ReservationEnd:
    return ReservationEnd(status="cancelled", at=at, received_at=at)
