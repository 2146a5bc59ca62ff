"""The answers of stations to commands of the CSMS, whatever the action."""

from __future__ import annotations

from libs.ocpp_messages.catalogue import COMMAND_RESPONSE_TOPICS
from libs.ocpp_messages.message import Message

from ..commands.delivery import settle
from ..service import Device, router


@router.on_answers(*COMMAND_RESPONSE_TOPICS)
async def answered(answer: Message, device: Device) -> None:
    await settle(device, answer)
