"""Whether the token of a remote start may charge. Checked before the station is asked to start (F01, F02).

The user service depends on this one, so it is not asked over HTTP: it gets an AuthorizeRequest on the bus, as
gateways send it for stations, and answers on a subscription of this process.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import dataclass, field
from typing import Any

import msgspec
import orjson

from libs.csms.clock import Clock, rfc3339
from libs.csms.errors import Invalid, Unavailable
from libs.csms.messaging.bus import Bus, Subscription, UnknownTopic
from libs.csms.messaging.temporary import consume_temporarily
from libs.ocpp_messages import ocpp2, ocpp16
from libs.ocpp_messages.action import Action, Direction, encode
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version

from .remote_start import STARTS

log = logging.getLogger(__name__)

TOPIC = "AuthorizeRequest"
REPLY_TOPIC = "AuthorizeResponse"

ANSWER_TIMEOUT = 5.0
"""Seconds that the user service has."""

RETRY_AFTER = 5
"""Seconds after which a client may try again."""


class TokenRefused(Invalid):
    """The token may not charge, so the station is not asked to start."""

    def __init__(self, place: str, status: str) -> None:
        super().__init__(f"{place}: the token may not charge, its status is {status}", idTokenStatus=status)


class TokenUnchecked(Unavailable):
    """The user service does not say whether the token may charge, so the station is not asked to start."""

    def __init__(self) -> None:
        detail = "the user service does not say whether the token may charge; nothing was sent to the station"
        super().__init__(detail, retry_after=RETRY_AFTER)


@dataclass(frozen=True)
class TokenCheck:
    bus: Bus
    clock: Clock
    process_id: str
    timeout: float = ANSWER_TIMEOUT
    _answers: dict[str, asyncio.Future[Message]] = field(default_factory=dict)
    """By message id: what this process waits for."""

    async def check(self, station_id: str, command_id: str, action: Action[Any, Any], payload: Any) -> None:
        """A ``Check`` of commands. Raises ``TokenRefused`` and ``TokenUnchecked``."""
        if action.name not in STARTS:
            return
        if action.version is Version.V16:
            place, answered = "idTag", "idTagInfo"
            request: msgspec.Struct = ocpp16.AuthorizeRequest(payload["idTag"])
        else:
            place, answered = "idToken", "idTokenInfo"
            token = ocpp2.IdTokenType(payload["idToken"]["idToken"], payload["idToken"]["type"])
            request = ocpp2.AuthorizeRequest(token)
        answer = await self._answer(station_id, action.version, encode(request))
        if answer.kind is not Kind.RESULT:
            log.error("station %s: its remote start was not checked: %s", station_id, answer.error_code)
            raise TokenUnchecked
        status = orjson.loads(answer.data)[answered]["status"]
        if status != "Accepted":
            raise TokenRefused(place, status)

    async def _answer(self, station_id: str, version: Version, request: bytes) -> Message:
        question = Message(
            data=request,
            message_id=uuid.uuid4().hex,
            station_id=station_id,
            action="Authorize",
            kind=Kind.CALL,
            sent_at=rfc3339(self.clock()),
            origin=Direction.FROM_STATION,
            ocpp_version=version,
            gateway_id=self.process_id,
            reply_to=REPLY_TOPIC,
        )
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._answers[question.message_id] = answer
        try:
            async with asyncio.timeout(self.timeout):
                await self.bus.publish(TOPIC, question)
                return await answer
        except (TimeoutError, UnknownTopic):
            raise TokenUnchecked from None
        finally:
            del self._answers[question.message_id]

    async def receive(self, answer: Message) -> None:
        """Take an answer. One that nobody waits for any more is dropped."""
        waiting = self._answers.get(answer.message_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    async def keep_receiving(self) -> None:
        """Until cancelled: receive the answers to what this process asks."""
        name = f"{self.process_id}.{REPLY_TOPIC}"
        subscription = Subscription(name, REPLY_TOPIC, gateway_id=self.process_id, temporary=True)
        await consume_temporarily(self.bus, subscription, self.receive)
