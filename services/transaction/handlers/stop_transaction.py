"""StopTransaction of 1.6: it has happened, so it is accepted, whether the transaction is known or not."""

from __future__ import annotations

from decimal import Decimal

from libs.csms.clients.authorization import id_tag_info_v16
from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp16, v16

from ..authorization import Token, authorize
from ..service import TransactionService, router
from ..updates import stopped_v16


@router.on(v16.StopTransaction)
async def stop_transaction(
    call: Call[ocpp16.StopTransactionRequest], service: TransactionService
) -> ocpp16.StopTransactionResponse:
    request = call.request
    await service.store(stopped_v16(call, request, Decimal(request.meter_stop)))
    if request.id_tag is None:
        return ocpp16.StopTransactionResponse()
    authorization = await authorize(service, Token(request.id_tag, None, call.message))
    return ocpp16.StopTransactionResponse(id_tag_info_v16(authorization))
