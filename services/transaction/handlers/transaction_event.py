"""TransactionEvent (use cases E01 to E17): a transaction of 2.x started, went on or ended."""

from __future__ import annotations

from libs.csms.clients.authorization import Authorization, id_token_info_v2
from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..authorization import Token, authorize, authorize_later, authorize_start
from ..model import Transaction
from ..service import TransactionService, router
from ..updates import event_v2

Request = ocpp2.TransactionEventRequest


@router.on(v201.TransactionEvent, v21.TransactionEvent)
async def transaction_event(
    call: Call[Request], service: TransactionService
) -> ocpp2.TransactionEventResponse:
    request = call.request
    reported = event_v2(call, request, request.seq_no)
    transaction = await service.store(reported)
    if request.trigger_reason == "TxResumed" and transaction.active:
        await service.publish_resumed(transaction, request.seq_no)
    if request.id_token is None:
        return ocpp2.TransactionEventResponse()
    at = reported.update.at
    token = Token(request.id_token.id_token, request.id_token.type, call.message)
    authorization = await _authorize(service, transaction, at, request.event_type, token)
    return ocpp2.TransactionEventResponse(id_token_info=id_token_info_v2(authorization, call.version))


async def _authorize(
    service: TransactionService, transaction: Transaction, at: str, event_type: str, token: Token
) -> Authorization:
    match event_type:
        case "Started":
            return await authorize_start(service, transaction, at, token)
        case "Updated":
            return await authorize_later(service, transaction, at, token)
        case _:
            return await authorize(service, token)
