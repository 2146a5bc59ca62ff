"""Stations that call the handlers, and what they find there: tokens, a store, a bus that remembers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from libs.csms.clients.authorization import Authorization
from libs.csms.clock import rfc3339
from libs.csms.messaging.router import Call
from libs.csms.station_messages.log import MessageLog
from libs.csms.storage.store import Document, Store
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.transaction.handlers.meter_values import meter_values_2, meter_values_16
from services.transaction.handlers.start_transaction import start_transaction
from services.transaction.handlers.stop_transaction import stop_transaction
from services.transaction.handlers.transaction_event import transaction_event
from services.transaction.service import Ledger

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

Json = dict[str, Any]


def minute(number: float) -> str:
    """Minutes after ten o'clock."""
    return rfc3339(datetime(2026, 11, 20, 10, tzinfo=UTC) + timedelta(minutes=number))


class Recorder:
    """A bus to publish on."""

    def __init__(self) -> None:
        self.published: list[tuple[str, Message]] = []

    async def publish(self, topic: str, message: Message) -> None:
        self.published.append((topic, message))


class Dictionary:
    """A collection in memory, of documents that have been to JSON and back: for thousands in one test."""

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
class Tokens:
    """The user service. ``asked`` is every question."""

    known: dict[str, Authorization] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    async def authorize(self, id_token: str, type_: str | None) -> Authorization:
        self.asked.append((id_token, type_))
        return self.known.get(id_token.casefold(), Authorization(status="Unknown"))


def ledger_on(store: Store, tokens: Tokens) -> Ledger:
    return Ledger.of(store, tokens.authorize, Recorder(), lambda: NOW)  # type: ignore[arg-type]


def ledger_in_memory() -> Ledger:
    """Every token is accepted."""
    transactions, values, ids, notices, reports = (Dictionary() for _ in range(5))
    journal = MessageLog(notices, reports)  # type: ignore[arg-type]
    return Ledger(transactions, values, ids, accept, Recorder(), lambda: NOW, journal)  # type: ignore[arg-type]


async def accept(id_token: str, type_: str | None) -> Authorization:
    return Authorization(status="Accepted")


@dataclass
class Station:
    """``send`` is a CALL of the station, checked against the schema, and what it is answered."""

    ledger: Ledger
    version: Version
    id: str = "CS1"

    async def send(self, action: str, payload: Json) -> Json:
        definition = ACTIONS[self.version][action]
        definition.request_validator.check(payload)
        message = Message(
            data=msgspec.json.encode(payload),
            message_id="1",
            station_id=self.id,
            action=action,
            kind=Kind.CALL,
            origin=Direction.FROM_STATION,
            ocpp_version=self.version,
            sent_at=rfc3339(NOW),
        )
        call = Call(definition.decode_request(message.data), message)
        answer: Json = msgspec.json.decode(encode(await self._handler(action)(call, self.ledger)))
        definition.response_validator.check(answer)
        return answer

    def _handler(self, action: str) -> Any:
        handlers: dict[str, Any] = {
            "StartTransaction": start_transaction,
            "StopTransaction": stop_transaction,
            "TransactionEvent": transaction_event,
            "MeterValues": meter_values_16 if self.version is Version.V16 else meter_values_2,
        }
        return handlers[action]

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


def register(at: float, wh: float, **changes: Any) -> list[Json]:
    """A meterValue of 2.x with the energy register alone."""
    return [{"timestamp": minute(at), "sampledValue": [{"value": wh, **changes}]}]


def register16(at: float, wh: str, **changes: Any) -> list[Json]:
    return [{"timestamp": minute(at), "sampledValue": [{"value": wh, **changes}]}]


def token(value: str = "TAG", type_: str = "ISO14443") -> Json:
    return {"idToken": value, "type": type_}
