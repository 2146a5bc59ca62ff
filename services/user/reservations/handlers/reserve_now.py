"""ReserveNow: a station has accepted a reservation (H01)."""

from __future__ import annotations

from datetime import datetime

from libs.csms.clock import parse_time
from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201
from libs.ocpp_messages.errors import Unparseable

from ..model import AcceptedReservation
from ..service import Reservations, router


@router.on_result(v16.ReserveNow)
async def reserve_now_v16(
    result: Result[ocpp16.ReserveNowRequest, ocpp16.ReserveNowResponse], reservations: Reservations
) -> None:
    """OCPP 1.6 knows no EVSE: connector n counts as EVSE n, and 0 is any."""
    if result.status != "Accepted":
        return
    request = result.request
    accepted = AcceptedReservation(
        command_id=result.command_id,
        at=result.answered_at,
        evse_id=request.connector_id or None,
        connector_id=request.connector_id or None,
        id_token=request.id_tag,
        group_id_token=request.parent_id_tag,
        expiry_date_time=_time(request.expiry_date),
    )
    await reservations.accepted(result.station_id, request.reservation_id, accepted)


@router.on_result(v201.ReserveNow, v21.ReserveNow)
async def reserve_now_v2(
    result: Result[ocpp2.ReserveNowRequest, ocpp2.ReserveNowResponse], reservations: Reservations
) -> None:
    if result.status != "Accepted":
        return
    request = result.request
    accepted = AcceptedReservation(
        command_id=result.command_id,
        at=result.answered_at,
        evse_id=request.evse_id,
        connector_type=request.connector_type,
        id_token=request.id_token.id_token,
        id_token_type=request.id_token.type,
        group_id_token=request.group_id_token.id_token if request.group_id_token else None,
        expiry_date_time=_time(request.expiry_date_time),
    )
    await reservations.accepted(result.station_id, request.id, accepted)


def _time(text: str) -> datetime:
    """Raises ``Unparseable`` for what is a time in OCPP and none in Python, such as a leap second."""
    try:
        return parse_time(text)
    except (ValueError, OverflowError) as error:
        raise Unparseable(f"no readable time: {text}") from error
