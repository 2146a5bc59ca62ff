"""TransactionStarted: the charging profile of its remote start, if any, is its own from now on (K05)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import TRANSACTION_STARTED, TransactionStarted

from ..charging_profiles import records
from ..service import Ledger, router


@router.on(TRANSACTION_STARTED)
async def transaction_started(call: Call[TransactionStarted], ledger: Ledger) -> None:
    transaction = await ledger.transactions.get(call.request.id)
    if transaction is not None:
        await records.transaction_began(ledger, transaction, call.received_at)
