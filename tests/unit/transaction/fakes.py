"""Stations that send to the transaction service, and what is around it: tokens, a store, a bus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from libs.csms.alarm import Alarm
from libs.csms.clients.authorization import Authorization
from libs.csms.clock import rfc3339
from libs.csms.station_messages.log import MessageLog
from libs.csms.station_messages.quota import DailyLimits, MessageQuota
from libs.csms.storage.store import Document, Store
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.event import MESSAGE_REFUSED, MessageRefused
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.transaction import handlers
from services.transaction.service import TransactionService, router

from ..calls import RecordingBus, response_to

router.load(handlers)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

Json = dict[str, Any]


def minute(number: float) -> str:
    """Minutes after ten o'clock."""
    return rfc3339(datetime(2026, 11, 20, 10, tzinfo=UTC) + timedelta(minutes=number))


class InMemoryCollection:
    """Of documents that have been to JSON and back: for thousands in one test."""

    def __init__(self) -> None:
        self.documents: dict[str, Any] = {}

    async def get(self, id: str) -> Any:
        return self.documents.get(id)

    async def update(self, id: str, change: Callable[[Any], Document]) -> Any:
        document = change(self.documents.get(id))
        stored = document.model_dump_json(by_alias=True, exclude_none=True)
        self.documents[id] = type(document).model_validate_json(stored)
        return self.documents[id]

    async def put(self, id: str, document: Document) -> None:
        await self.update(id, lambda _: document)


@dataclass
class UserService:
    """``asked`` is every question, a token and its type."""

    known: dict[str, Authorization] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    async def authorize(self, id_token: str, type_: str | None, presented: object) -> Authorization:
        self.asked.append((id_token, type_))
        return self.known.get(id_token.casefold(), Authorization(status="Unknown"))


def service_on(store: Store, users: UserService) -> TransactionService:
    return TransactionService.of(store, users.authorize, RecordingBus(), lambda: NOW)  # type: ignore[arg-type]


def service_in_memory() -> TransactionService:
    """Every token is accepted."""
    transactions, values, ids, messages, reports, usages = (InMemoryCollection() for _ in range(6))
    quota = MessageQuota(usages, DailyLimits(), lambda: True)  # type: ignore[arg-type]
    message_log = MessageLog(messages, reports, quota)  # type: ignore[arg-type]
    bus = RecordingBus()
    return TransactionService(
        transactions,  # type: ignore[arg-type]
        values,  # type: ignore[arg-type]
        ids,  # type: ignore[arg-type]
        accept,
        bus,
        lambda: NOW,
        message_log,
        timedelta(minutes=1),
        Alarm(lambda: NOW),
    )


async def accept(id_token: str, type_: str | None, presented: object) -> Authorization:
    return Authorization(status="Accepted")


@dataclass
class Station:
    service: TransactionService
    version: Version
    id: str = "CS1"

    async def send(self, action: str, payload: Json, repairs: str = "") -> Json:
        """What a CALL is answered. Both are checked against their schemas."""
        return await response_to(
            action, payload, router, self.service, self.version, self.id, NOW, NOW, repairs
        )

    async def refused(
        self, action: str, payload: Any, reason: str = "meterStop: must be integer", at: datetime = NOW
    ) -> None:
        """The gateway has refused this message of the station."""
        event = MessageRefused(
            action=action, message_id="1", payload=payload, code="TypeConstraintViolation", reason=reason
        )
        message = Message(
            data=msgspec.json.encode(event),
            message_id="1",
            station_id=self.id,
            action=MESSAGE_REFUSED.name,
            kind=Kind.EVENT,
            origin=Direction.FROM_STATION,
            ocpp_version=self.version,
            sent_at=rfc3339(at),
        )
        await router.handle(message, self.service.bus, self.service, lambda: NOW)

    async def start(self, **changes: Any) -> Json:
        payload = {"connectorId": 1, "idTag": "TAG", "meterStart": 1000, "timestamp": minute(0)}
        return await self.send("StartTransaction", payload | changes)

    async def stop(self, transaction_id: int, **changes: Any) -> Json:
        payload = {"transactionId": transaction_id, "meterStop": 6000, "timestamp": minute(60)}
        return await self.send("StopTransaction", payload | changes)

    async def event(self, event_type: str, seq_no: int, at: float, **changes: Any) -> Json:
        return await self.send("TransactionEvent", event(event_type, seq_no, at, **changes))


def event(event_type: str, seq_no: int, at: float, **changes: Any) -> Json:
    """``transactionInfo`` is added to, other fields are replaced."""
    payload: Json = {
        "eventType": event_type,
        "timestamp": minute(at),
        "triggerReason": "MeterValuePeriodic",
        "seqNo": seq_no,
    }
    about = {"transactionId": "tx-1", **changes.pop("transactionInfo", {})}
    return payload | {"transactionInfo": about} | changes


def register_v2(at: float, wh: float, **changes: Any) -> list[Json]:
    """A meterValue of 2.x with the energy register alone."""
    return [{"timestamp": minute(at), "sampledValue": [{"value": wh, **changes}]}]


def register_v16(at: float, wh: str, **changes: Any) -> list[Json]:
    return [{"timestamp": minute(at), "sampledValue": [{"value": wh, **changes}]}]


def token(value: str = "TAG", type_: str = "ISO14443") -> Json:
    return {"idToken": value, "type": type_}
