"""MessageRefused: what can be read of a refused message counts. The device service keeps it as it came."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import MESSAGE_REFUSED, MessageRefused

from ..salvage import salvage
from ..service import TransactionService, router


@router.on(MESSAGE_REFUSED)
async def message_refused(call: Call[MessageRefused], service: TransactionService) -> None:
    """A StartTransaction makes no transaction: its station was given no transactionId, so nothing could ever
    end it.
    """
    reported = salvage(call)
    if reported is not None:
        await service.store(reported)
