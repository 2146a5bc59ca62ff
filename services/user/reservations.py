"""What the messages of a station say about its reservations. This alone reads ReserveNow."""

from __future__ import annotations

from datetime import datetime

import msgspec

from libs.csms.clock import parse_time, rfc3339
from libs.csms.messaging.router import Call
from libs.csms.storage.queries import every
from libs.csms.storage.store import Query
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.errors import Unparseable
from libs.ocpp_messages.event import CommandEnded
from libs.ocpp_messages.version import Version

from .reservation import Reservation, key
from .reservation_news import Made, News
from .service import User

DELETED = "the charging station has been deleted"


async def reserve_now_ended(call: Call[CommandEnded], user: User) -> None:
    if call.request.station_status != "Accepted":
        return
    reservation_id, made = _made_16(call) if call.version is Version.V16 else _made(call)
    new = Reservation(station_id=call.station_id, reservation_id=reservation_id)
    await user.reservations.update(
        key(call.station_id, reservation_id), lambda known: (known or new).accepted(made)
    )


async def cancel_reservation_ended(call: Call[CommandEnded], user: User) -> None:
    """A station that rejects it does not know the reservation, which tells nothing of its end."""
    if call.request.station_status != "Accepted":
        return
    asked = msgspec.convert(call.request.payload, ocpp2.CancelReservationRequest, strict=False)
    at = _answered_at(call)
    await ended(user, call.station_id, asked.reservation_id, News(status="cancelled", at=at, heard_at=at))


async def ended(user: User, station_id: str, reservation_id: int, news: News) -> None:
    """Kept also of a reservation that is not known yet."""
    new = Reservation(station_id=station_id, reservation_id=reservation_id)
    await user.reservations.update(key(station_id, reservation_id), lambda known: (known or new).ended(news))


async def station_deleted(user: User, station_id: str, at: datetime) -> None:
    """What it holds for somebody is held no more."""
    active = Query({"stationId": station_id, "status": "active"}, "until", True, from_=rfc3339(at))
    numbers = [one.reservation_id async for one in every(user.reservations, active)]
    for number in numbers:
        await ended(user, station_id, number, News(status="removed", at=at, heard_at=at, reason=DELETED))


def _made_16(call: Call[CommandEnded]) -> tuple[int, Made]:
    """OCPP 1.6 knows no EVSE: connector n counts as EVSE n, and 0 is any."""
    asked = msgspec.convert(call.request.payload, ocpp16.ReserveNowRequest, strict=False)
    return asked.reservation_id, Made(
        command_id=call.request.id,
        at=_answered_at(call),
        evse_id=asked.connector_id or None,
        connector_id=asked.connector_id or None,
        id_token=asked.id_tag,
        group_id_token=asked.parent_id_tag,
        expiry_date_time=_time(asked.expiry_date),
    )


def _made(call: Call[CommandEnded]) -> tuple[int, Made]:
    asked = msgspec.convert(call.request.payload, ocpp2.ReserveNowRequest, strict=False)
    return asked.id, Made(
        command_id=call.request.id,
        at=_answered_at(call),
        evse_id=asked.evse_id,
        connector_type=asked.connector_type,
        id_token=asked.id_token.id_token,
        id_token_type=asked.id_token.type,
        group_id_token=asked.group_id_token.id_token if asked.group_id_token else None,
        expiry_date_time=_time(asked.expiry_date_time),
    )


def _answered_at(call: Call[CommandEnded]) -> datetime:
    return parse_time(call.request.answered_at) if call.request.answered_at else call.received_at


def _time(text: str) -> datetime:
    """Raises ``Unparseable`` for what is a time in OCPP and none here, such as a leap second."""
    try:
        return parse_time(text)
    except (ValueError, OverflowError) as error:
        raise Unparseable(f"no readable time: {text}") from error
