"""GetTransactionStatus answered: whether a transaction goes on, and whether more of it is to come (E14)."""

from __future__ import annotations

from libs.csms.messaging.router import Result
from libs.ocpp_messages import ocpp2, v21, v201

from ..evidence import Facts
from ..model import document_id
from ..service import TransactionService, router


@router.on_result(v201.GetTransactionStatus, v21.GetTransactionStatus)
async def get_transaction_status_v2(
    result: Result[ocpp2.GetTransactionStatusRequest, ocpp2.GetTransactionStatusResponse],
    service: TransactionService,
) -> None:
    transaction_id, response = result.request.transaction_id, result.response
    if transaction_id is None or response is None:
        return
    facts: Facts = {"messagesInQueue": int(response.messages_in_queue)}
    if response.ongoing_indicator is not None:
        facts["ongoing"] = int(response.ongoing_indicator)
    await service.note(document_id(result.station_id, transaction_id), result.answered_at, facts)
