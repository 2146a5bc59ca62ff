"""The one call of a station that is in work, and which message answers it."""

from __future__ import annotations

import asyncio
import logging

from libs.ocpp_messages.message import Message

log = logging.getLogger(__name__)


class OpenCall:
    __slots__ = ("_answer", "_call")

    def __init__(self, call: Message) -> None:
        self._call = call
        self._answer: asyncio.Future[Message | None] = asyncio.get_running_loop().create_future()

    async def answer(self) -> Message | None:
        """Wait for it. None if the call was given up."""
        return await self._answer

    def offer(self, answer: Message) -> None:
        """Take a message if it answers this call.

        Stations use message ids again: the trace tells an answer to an earlier call of the same id.
        """
        call = self._call
        same = answer.message_id == call.message_id and answer.action == call.action
        if not same or (answer.traceparent and answer.traceparent != call.traceparent):
            log.debug("dropped a late answer to %s", answer.action)
        elif not self._answer.done():
            self._answer.set_result(answer)

    def give_up(self) -> None:
        if not self._answer.done():
            self._answer.set_result(None)
