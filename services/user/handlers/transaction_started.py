"""TransactionStarted: a transaction that says so has used a reservation (H03)."""

from __future__ import annotations

from libs.csms.clock import parse_time
from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import TRANSACTION_STARTED, TransactionStarted

from ..reservation_news import News
from ..reservations import ended
from ..service import User, router


@router.on(TRANSACTION_STARTED)
async def transaction_started(call: Call[TransactionStarted], user: User) -> None:
    started = call.request
    if started.reservation_id is None:
        return
    use = News(
        status="used",
        at=parse_time(started.started_at),
        heard_at=call.received_at,
        transaction=started.id,
        transaction_id=started.transaction_id,
    )
    await ended(user, call.station_id, started.reservation_id, use)
