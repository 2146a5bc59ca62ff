"""RemoteStartMatched: a transaction that names only its remoteStartId has the token sent with it (F02)."""

from __future__ import annotations

from libs.csms.clock import parse_time
from libs.csms.messaging.router import Call
from libs.csms.storage.queries import update_existing
from libs.ocpp_messages.event import REMOTE_START_MATCHED, RemoteStartMatched

from ..evidence import Evidence, moment, statements
from ..service import TransactionService, router

LAST_SEQ_NO = 9_999_999_999
"""Sorts after every seqNo: a token that the station itself names at the start counts instead of ours."""


@router.on(REMOTE_START_MATCHED)
async def remote_start_matched(call: Call[RemoteStartMatched], service: TransactionService) -> None:
    matched = call.request
    at = moment(parse_time(matched.started_at), LAST_SEQ_NO)
    token = statements(at, {"idToken": matched.id_token or None, "idTokenType": matched.id_token_type})
    evidence = Evidence(first=token)
    await update_existing(service.transactions, matched.id, lambda known: known.merge(evidence))
