"""DeadLetter: a message that could not be handled is stored for the operator."""

from __future__ import annotations

import hashlib

from libs.csms.messaging.router import Call
from libs.csms.secrets import text_without_secrets
from libs.ocpp_messages.event import DEAD_LETTER, DeadLetter

from ..service import DeadMessage, Messages, router

MAX_DATA_LENGTH = 100_000
"""Characters that are stored; a document of Firestore holds a mebibyte."""


@router.on(DEAD_LETTER)
async def dead_letter(call: Call[DeadLetter], messages: Messages) -> None:
    """The id comes from what is stored, so that it is stored once however often it is delivered. It comes
    from nothing else: a PIN that is withheld could be guessed from it.
    """
    letter, message = call.request, call.message
    dead = DeadMessage(
        id=message.message_id,
        received_at=call.received_at,
        topic=letter.topic,
        subscription=letter.subscription,
        reason=letter.reason,
        attempts=letter.attempts,
        data=text_without_secrets(letter.data)[:MAX_DATA_LENGTH],
        attributes=letter.attributes,
        station_id=message.station_id,
    )
    content = dead.model_dump_json().encode()
    dead = dead.changed(id=hashlib.sha256(content).hexdigest()[:32])
    await messages.dead_letters.update(dead.id, lambda known: known or dead)
