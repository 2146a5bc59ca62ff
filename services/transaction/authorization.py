"""Whether a transaction may go on with a token: what the station is answered, and the transaction keeps."""

from __future__ import annotations

from dataclasses import dataclass

from libs.csms.clients.authorization import Authorization, Presented
from libs.csms.storage.queries import every
from libs.csms.storage.store import Query
from libs.ocpp_messages.message import Message

from .evidence import Evidence, Facts, statements
from .model import Transaction, TransactionUpdate
from .service import TransactionService


@dataclass(frozen=True)
class Token:
    """A token in a message of a station."""

    text: str
    type: str | None
    """None for OCPP 1.6, which has no types."""
    message: Message


async def authorize(service: TransactionService, token: Token) -> Authorization:
    return await service.authorize(token.text, token.type, Presented.in_message(token.message))


async def authorize_start(
    service: TransactionService, transaction: Transaction, at: str, token: Token
) -> Authorization:
    """For a token that starts a transaction at the moment ``at``. The same start has the same status."""
    authorization = await authorize(service, token)
    status = transaction.start_status(at)
    if status is None:
        refused = await _is_one_too_many(service, transaction, authorization)
        status = "ConcurrentTx" if refused else authorization.status
        transaction = await _store(service, transaction, at, {"startStatus": status})
    return authorization.changed(status=transaction.start_status(at) or status)


async def authorize_later(
    service: TransactionService, transaction: Transaction, at: str, token: Token
) -> Authorization:
    """For a token that is presented at the moment ``at``, while the transaction is under way."""
    authorization = await authorize(service, token)
    await _store(service, transaction, at, {"tokenStatus": authorization.status})
    return authorization


async def _store(service: TransactionService, transaction: Transaction, at: str, facts: Facts) -> Transaction:
    evidence = Evidence(first=statements(at, facts))
    update = TransactionUpdate(transaction.id, transaction.station_id, transaction.transaction_id, evidence)
    return await service.merge(update)


async def _is_one_too_many(
    service: TransactionService, transaction: Transaction, authorization: Authorization
) -> bool:
    limit, key = authorization.max_active_transactions, transaction.id_token_key
    if limit is None or key is None or authorization.status != "Accepted" or not transaction.active:
        return False
    active = Query({"idTokenKey": key, "active": True}, "startedAt", True)
    competing = 0
    async for other in every(service.transactions, active):
        competing += other.competes_with(transaction)
        if competing >= limit:
            return True
    return False
