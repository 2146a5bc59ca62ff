"""CommandSent: a command is on the wire, and has no answer yet."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import COMMAND_SENT, CommandSent

from ..delivery import record_sent
from ..service import Commands, router


@router.on(COMMAND_SENT)
async def command_sent(call: Call[CommandSent], commands: Commands) -> None:
    await record_sent(commands, call.message, call.request)
