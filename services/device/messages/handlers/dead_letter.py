"""DeadLetter: a message that could not be handled is stored for the operator."""

from __future__ import annotations

from libs.csms.messaging.router import Call
from libs.ocpp_messages.event import DEAD_LETTER, DeadLetter

from ..dead_letters import DeadMessage
from ..service import Messages, router


@router.on(DEAD_LETTER)
async def dead_letter(call: Call[DeadLetter], messages: Messages) -> None:
    dead = DeadMessage.of(call)
    await messages.dead_letters.update(dead.id, lambda known: known.merge(dead) if known else dead)
