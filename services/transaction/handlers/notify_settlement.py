"""NotifySettlement: a payment at the station's terminal was settled, or was not (C)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21

from ..service import Ledger, router


@router.on(v21.NotifySettlement)
async def notify_settlement(
    call: Call[ocpp2.NotifySettlementRequest], ledger: Ledger
) -> ocpp2.NotifySettlementResponse:
    await ledger.message_log.append(call)
    return ocpp2.NotifySettlementResponse()
