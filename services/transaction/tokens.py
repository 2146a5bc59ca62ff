"""Whether a transaction may go on with a token, which is told the station and noted."""

from __future__ import annotations

from libs.csms.clients.authorization import Authorization
from libs.csms.storage.queries import every
from libs.csms.storage.store import Query

from .evidence import Evidence, said
from .model import Transaction
from .report import Report
from .service import Ledger

CONCURRENT = "ConcurrentTx"


async def authorize(ledger: Ledger, id_token: str, type_: str | None) -> Authorization:
    if type_ == "NoAuthorization":
        return Authorization(status="Accepted")
    return await ledger.authorize(id_token, type_)


async def authorize_start(
    ledger: Ledger, transaction: Transaction, at: str, id_token: str, type_: str | None
) -> Authorization:
    """For a token that starts a transaction at the moment ``at``. The same start has the same status."""
    authorization = await authorize(ledger, id_token, type_)
    status = transaction.start_status(at)
    if status is None:
        refused = await _is_one_too_many(ledger, transaction, authorization)
        status = CONCURRENT if refused else authorization.status
        transaction = await _note(ledger, transaction, Evidence(first=said(at, {"startStatus": status})))
    return authorization.changed(status=transaction.start_status(at) or status)


async def authorize_later(
    ledger: Ledger, transaction: Transaction, at: str, id_token: str, type_: str | None
) -> Authorization:
    """For a token that is presented at the moment ``at``, while the transaction is under way."""
    authorization = await authorize(ledger, id_token, type_)
    await _note(ledger, transaction, Evidence(first=said(at, {"tokenStatus": authorization.status})))
    return authorization


async def _note(ledger: Ledger, transaction: Transaction, evidence: Evidence) -> Transaction:
    return await ledger.tell(
        Report(transaction.id, transaction.station_id, transaction.transaction_id, evidence)
    )


async def _is_one_too_many(ledger: Ledger, transaction: Transaction, authorization: Authorization) -> bool:
    limit, key = authorization.max_active_transactions, transaction.id_token_key
    if limit is None or key is None or authorization.status != "Accepted" or not transaction.active:
        return False
    found = 0
    async for other in every(
        ledger.transactions, Query({"idTokenKey": key, "active": True}, "startedAt", True)
    ):
        found += other.competes_with(transaction)
        if found >= limit:
            return True
    return False
