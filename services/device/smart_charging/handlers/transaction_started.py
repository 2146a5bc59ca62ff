"""TransactionStarted: the charging profile of its remote start, if any, belongs to it from now on (K05)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import TRANSACTION_STARTED, TransactionStarted

from ..service import SmartCharging, router
from ..transactions import ChargingTransaction


@router.on(TRANSACTION_STARTED)
async def transaction_started(call: Call[TransactionStarted], smart_charging: SmartCharging) -> None:
    transaction = ChargingTransaction.started(call.station_id, call.request, call.received_at)
    await smart_charging.transaction_started(transaction, call.received_at)
