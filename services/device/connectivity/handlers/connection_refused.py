"""ConnectionRefused: a gateway refused a handshake, and the operator can see why."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import CONNECTION_REFUSED, ConnectionRefused

from ..attempts import ConnectionAttempt
from ..service import Connectivity, router


@router.on(CONNECTION_REFUSED)
async def connection_refused(call: Call[ConnectionRefused], connectivity: Connectivity) -> None:
    newer = ConnectionAttempt.of(call)
    await connectivity.attempts.update(
        newer.slot, lambda known: newer if known is None else known.merge(newer)
    )
