"""Stations and gateways as the device service sees them: messages in, answers out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec

from libs.csms.clock import rfc3339
from libs.ocpp_messages import v16, v21, v201
from libs.ocpp_messages.action import Action, Direction
from libs.ocpp_messages.event import EventData
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.device.app import router
from services.device.service import Device

from .bus import RecordingBus

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
VERSIONS = {Version.V16: v16, Version.V201: v201, Version.V21: v21}


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


class StoppedClock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


class Csms:
    """The handlers of the device service, with what they publish."""

    def __init__(self, device: Device, clock: StoppedClock) -> None:
        self.device = device
        self.clock = clock
        self.bus = cast(RecordingBus, device.bus)

    @property
    def published(self) -> list[tuple[str, Message]]:
        return self.bus.published

    async def call(
        self,
        action: str,
        payload: dict[str, Any],
        *,
        version: Version = Version.V201,
        station_id: str = "CS1",
        connection_id: str = "1",
        at: datetime = NOW,
        reply_to: str = "",
        repairs: str = "",
    ) -> dict[str, Any]:
        """The payload of the answer, which is right by its schema; or its error code, under ``errorCode``."""
        catalogued: Action[Any, Any] = getattr(VERSIONS[version], action)
        catalogued.request_validator.check(payload)
        call = Message(
            data=json.dumps(payload).encode(),
            message_id="19223201",
            station_id=station_id,
            action=action,
            kind=Kind.CALL,
            sent_at=rfc3339(at),
            origin=Direction.FROM_STATION,
            ocpp_version=version,
            gateway_id="g1",
            connection_id=connection_id,
            reply_to=reply_to or catalogued.response_topic,
            repairs=repairs,
        )
        await router.handle(call, self.bus, self.device, self.clock)
        topic, answer = self.published[-1]
        assert (topic, answer.message_id) == (call.reply_to, "19223201")
        if answer.kind is Kind.ERROR:
            return {"errorCode": answer.error_code}
        response: dict[str, Any] = json.loads(answer.data)
        catalogued.response_validator.check(response)
        return response

    async def event(
        self,
        event: EventData,
        *,
        station_id: str = "CS1",
        connection_id: str = "1",
        gateway_id: str = "g1",
        message_id: str = "e1",
        at: datetime = NOW,
    ) -> None:
        message = Message(
            data=msgspec.json.encode(event),
            message_id=message_id,
            station_id=station_id,
            action=type(event).__name__,
            kind=Kind.EVENT,
            sent_at=rfc3339(at),
            origin=Direction.FROM_STATION,
            ocpp_version=Version.V201,
            gateway_id=gateway_id,
            connection_id=connection_id,
        )
        await router.handle(message, self.bus, self.device, self.clock)
