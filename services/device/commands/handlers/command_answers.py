"""The answers of stations to commands of the CSMS, whatever the action."""

from __future__ import annotations

from libs.ocpp_messages.catalogue import COMMAND_RESPONSE_TOPICS
from libs.ocpp_messages.message import Message

from ..delivery import record_answer
from ..service import Commands, router


@router.on_answers(*COMMAND_RESPONSE_TOPICS)
async def command_answer(answer: Message, commands: Commands) -> None:
    await record_answer(commands, answer)
