"""TransactionEnded: the charging profiles of the transaction end with it (K02.FR.05, 1.6 §3.13.1)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import TRANSACTION_ENDED, TransactionEnded

from ..charging_profiles import records
from ..service import Ledger, router


@router.on(TRANSACTION_ENDED)
async def transaction_ended(call: Call[TransactionEnded], ledger: Ledger) -> None:
    await records.transaction_ended(ledger, call.station_id, call.request.transaction_id, call.received_at)
