"""CommandEnded: what stations have accepted of the CSMS that the user service keeps account of."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import COMMAND_ENDED, CommandEnded

from .. import reservations
from ..local_lists import heard
from ..service import User, router


@router.on(COMMAND_ENDED)
async def command_ended(call: Call[CommandEnded], user: User) -> None:
    match call.request.action:
        case "ReserveNow":
            await reservations.reserve_now_ended(call, user)
        case "CancelReservation":
            await reservations.cancel_reservation_ended(call, user)
        case "SendLocalList":
            await heard.local_list_sent(call, user)
        case "CustomerInformation":
            await heard.customer_cleared(call, user)
