"""What stations are told about tokens: whether a transaction may go on, in the words of each version."""

from __future__ import annotations

from typing import get_args

from libs.csms.authorization import Authorization
from libs.csms.clock import rfc3339
from libs.csms.store import Query
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.version import Version

from .evidence import Evidence, said
from .model import Transaction
from .report import Report
from .service import Ledger

CONCURRENT = "ConcurrentTx"
SECRET_TYPES = {"KeyCode"}
"""Types of tokens that are secrets: what somebody knows, not what somebody has."""

_STATUSES_16 = set(get_args(ocpp16.IdTagInfoStatus))
_STATUSES_2 = set(get_args(ocpp2.AuthorizationStatusEnumType))
_LONGEST = {Version.V16: 20, Version.V201: 36, Version.V21: 255}


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
    return authorization.model_copy(update={"status": transaction.start_status(at) or status})


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
    found, token = 0, ""
    while True:
        page = await ledger.transactions.find(
            Query({"idTokenKey": key, "active": True}, order_by="startedAt", page_token=token)
        )
        found += sum(other.competes_with(transaction) for other in page.items)
        if found >= limit or not page.next_page_token:
            return found >= limit
        token = page.next_page_token


def id_tag_info(authorization: Authorization) -> ocpp16.IdTagInfo:
    """1.6 has fewer statuses: what it cannot say is Invalid."""
    expiry, parent = authorization.cache_expiry_date_time, authorization.group_id_token
    return ocpp16.IdTagInfo(
        status=authorization.status if authorization.status in _STATUSES_16 else "Invalid",  # type: ignore[arg-type]
        expiry_date=rfc3339(expiry) if expiry else None,
        parent_id_tag=parent if parent and len(parent) <= _LONGEST[Version.V16] else None,
    )


def id_token_info(authorization: Authorization, version: Version) -> ocpp2.IdTokenInfoType:
    expiry, group = authorization.cache_expiry_date_time, authorization.group_id_token
    return ocpp2.IdTokenInfoType(
        status=authorization.status if authorization.status in _STATUSES_2 else "Invalid",  # type: ignore[arg-type]
        cache_expiry_date_time=rfc3339(expiry) if expiry else None,
        group_id_token=ocpp2.IdTokenType(group, "Central")
        if group and len(group) <= _LONGEST[version]
        else None,
    )
