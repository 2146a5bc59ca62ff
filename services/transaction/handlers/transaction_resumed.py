"""TransactionResumed: the station gets the charging profiles of the transaction again (E17.FR.15)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import TRANSACTION_RESUMED, TransactionResumed

from ..charging_profiles.resumption import send_again
from ..service import Ledger, router


@router.on(TRANSACTION_RESUMED)
async def transaction_resumed(call: Call[TransactionResumed], ledger: Ledger) -> None:
    transaction = await ledger.transactions.get(call.request.id)
    if transaction is not None and transaction.active and ledger.stations is not None:
        await send_again(ledger.profiles, ledger.stations, transaction, call.request.seq_no, ledger.clock())
