"""TransactionIncomplete: the station is asked whether it has more events of the transaction (E14)."""

from __future__ import annotations

import logging

from libs.csms.errors import DomainError
from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2
from libs.ocpp_messages.action import encode
from libs.ocpp_messages.event import TRANSACTION_INCOMPLETE, TransactionIncomplete

from ..model import Requester
from ..request import CommandRequest, request
from ..service import Commands, router

log = logging.getLogger(__name__)

REQUEST_TTL = 24 * 60 * 60
"""Seconds that the question may wait for its station to connect."""


@router.on(TRANSACTION_INCOMPLETE)
async def transaction_incomplete(call: Call[TransactionIncomplete], commands: Commands) -> None:
    """Asked once for the same missing events, however often the event comes."""
    incomplete = call.request
    payload = encode(ocpp2.GetTransactionStatusRequest(transaction_id=incomplete.transaction_id))
    key = f"missing {incomplete.id} {incomplete.missing_seq_nos}"
    try:
        await request(
            commands,
            CommandRequest(
                call.station_id,
                "GetTransactionStatus",
                payload,
                key,
                ttl=REQUEST_TTL,
                requested_by=Requester.system("missing events of a transaction"),
            ),
        )
    except DomainError as error:
        log.info("station %s: not asked for missing events: %s", call.station_id, error.detail)
