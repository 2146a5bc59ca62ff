"""TransactionEnded: the charging profiles of the transaction end with it (K02.FR.05, 1.6 §3.13.1)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import TRANSACTION_ENDED, TransactionEnded

from ..service import SmartCharging, router
from ..transactions import ChargingTransaction


@router.on(TRANSACTION_ENDED)
async def transaction_ended(call: Call[TransactionEnded], smart_charging: SmartCharging) -> None:
    transaction = ChargingTransaction.ended(call.station_id, call.request, call.received_at)
    await smart_charging.transaction_ended(transaction)
