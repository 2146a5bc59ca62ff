"""A message of a station, handed to the router of a service without a bus."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from libs.csms.clock import rfc3339
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.messaging.router import Router
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version


class RecordingBus(EmbeddedBus):
    """Keeps what is published for inspection, and delivers nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[tuple[str, Message]] = []

    async def publish(self, topic: str, message: Message) -> None:
        self.published.append((topic, message))


async def response_to(
    action: str,
    payload: dict[str, Any],
    router: Router[Any],
    deps: object,
    version: Version,
    station_id: str,
    sent_at: datetime,
    now: datetime,
    repairs: str = "",
) -> dict[str, Any]:
    """The payload of the CALLRESULT. Request and response are checked against their schemas."""
    definition, bus = ACTIONS[version][action], RecordingBus()
    definition.request_validator.check(payload)
    message = Message(
        data=msgspec.json.encode(payload),
        message_id="1",
        station_id=station_id,
        action=action,
        kind=Kind.CALL,
        origin=Direction.FROM_STATION,
        ocpp_version=version,
        reply_to=definition.response_topic,
        sent_at=rfc3339(sent_at),
        repairs=repairs,
    )
    await router.handle(message, bus, deps, lambda: now)
    [(_, answer)] = bus.published
    response: dict[str, Any] = msgspec.json.decode(answer.data)
    definition.response_validator.check(response)
    return response
