"""NotifySettlement: a payment at the station's terminal was settled, or was not (functional block C)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..service import TransactionService, router


@router.on(v21.NotifySettlement)
async def notify_settlement(
    call: Call[ocpp2.NotifySettlementRequest], service: TransactionService
) -> ocpp2.NotifySettlementResponse:
    await service.message_log.append(call)
    return ocpp2.NotifySettlementResponse()
