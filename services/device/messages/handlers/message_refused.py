"""MessageRefused: a message that carries energy or money was refused, and is stored all the same."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import MESSAGE_REFUSED, MessageRefused

from ..service import Messages, router


@router.on(MESSAGE_REFUSED)
async def message_refused(call: Call[MessageRefused], messages: Messages) -> None:
    """Stored once, however often the event comes or the station repeats the message."""
    await messages.log.append_refused(call)
    await messages.connectivity.touch(call)
