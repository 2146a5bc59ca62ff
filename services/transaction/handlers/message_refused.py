"""MessageRefused: what can be read of a refused message counts, and the rest is kept as it came."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import MESSAGE_REFUSED, MessageRefused

from ..salvage import salvage
from ..service import TransactionService, router


@router.on(MESSAGE_REFUSED)
async def message_refused(call: Call[MessageRefused], service: TransactionService) -> None:
    """A StartTransaction never makes a transaction: its station was told no transactionId, so nothing could
    ever end it. It is kept as it came, like all that names no transaction.
    """
    reported = salvage(call)
    if reported is None:
        await service.message_log.append(call)
    else:
        await service.store(reported)
