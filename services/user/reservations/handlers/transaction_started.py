"""TransactionStarted: a transaction that names a reservation has used it (H03)."""

from __future__ import annotations

from libs.csms.clock import parse_time
from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import TRANSACTION_STARTED, TransactionStarted

from ..model import ReservationEnd
from ..service import Reservations, router


@router.on(TRANSACTION_STARTED)
async def transaction_started(call: Call[TransactionStarted], reservations: Reservations) -> None:
    started = call.request
    if started.reservation_id is None:
        return
    use = ReservationEnd(
        status="used",
        at=parse_time(started.started_at),
        received_at=call.received_at,
        transaction=started.id,
        transaction_id=started.transaction_id,
    )
    await reservations.ended(call.station_id, started.reservation_id, use)
