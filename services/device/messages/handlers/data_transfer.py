"""DataTransfer: what OCPP has no message for, answered by the function registered for it (P02)."""

from __future__ import annotations

from typing import Any

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, ocpp16, v16, v21, v201
from libs.ocpp_messages.action import encode

from ..data_transfer import Reply, Transfer, extensions
from ..service import Messages, router


@router.on(v16.DataTransfer)
async def data_transfer_v16(
    call: Call[ocpp16.DataTransferRequest], messages: Messages
) -> ocpp16.DataTransferResponse:
    reply = await _reply(call, messages)
    data = reply.data if reply.data is None or isinstance(reply.data, str) else encode(reply.data).decode()
    return ocpp16.DataTransferResponse(status=reply.status, data=data)


@router.on(v201.DataTransfer, v21.DataTransfer)
async def data_transfer_v2(
    call: Call[ocpp2.DataTransferRequest], messages: Messages
) -> ocpp2.DataTransferResponse:
    reply = await _reply(call, messages)
    return ocpp2.DataTransferResponse(status=reply.status, data=reply.data)


async def _reply(call: Call[Any], messages: Messages) -> Reply:
    await messages.append(call)
    request = call.request
    transfer = Transfer(
        call.station_id, request.vendor_id, request.message_id, request.data, call.received_at
    )
    return await extensions.answer(transfer, messages)
