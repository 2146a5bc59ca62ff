"""NotifyDisplayMessages: a station reports the messages on its display, on request (O03, O04)."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages import ocpp2, v21, v201

from ..service import Messages, router


@router.on(v201.NotifyDisplayMessages, v21.NotifyDisplayMessages)
async def notify_display_messages(
    call: Call[ocpp2.NotifyDisplayMessagesRequest], messages: Messages
) -> ocpp2.NotifyDisplayMessagesResponse:
    await messages.append(call)
    return ocpp2.NotifyDisplayMessagesResponse()
