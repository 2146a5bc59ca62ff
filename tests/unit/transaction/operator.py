"""What the transaction service is told and asked about the commands that an operator sends to a station."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import msgspec

from libs.csms.clock import rfc3339
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.event import (
    CommandEnded,
    EventData,
    StationDeleted,
    TransactionEnded,
    TransactionStarted,
)
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.transaction import handlers
from services.transaction.report import document_id
from services.transaction.service import Ledger, router

from .profiles import SET
from .world import NOW, Json, Recorder

router.load(handlers)

ACCEPTED = {"status": "Accepted"}


@dataclass
class Operator:
    """``second`` is when a station answered, after the beginning of the test."""

    ledger: Ledger
    http: httpx.AsyncClient
    version: Version = Version.V201
    id: str = "CS1"

    async def ended(
        self, action: str, payload: Json, second: int, answer: Json | None = ACCEPTED, id: str = ""
    ) -> None:
        """A command was answered, or with None was not."""
        ACTIONS[self.version][action].request_validator.check(payload)
        command = CommandEnded(
            id=id or f"command-{second}",
            action=action,
            status="timeout" if answer is None else "answered",
            payload=payload,
            response=answer,
            answered_at="" if answer is None else at(second),
        )
        await self.event(command, second)

    async def set(self, evse_id: int, profile: Json, second: int, **changes: Any) -> None:
        await self.ended("SetChargingProfile", SET[self.version](evse_id, profile), second, **changes)

    async def started(self, transaction_id: str, second: int) -> None:
        id = document_id(self.id, transaction_id)
        await self.event(
            TransactionStarted(id=id, transaction_id=transaction_id, started_at=at(second)), second
        )

    async def stopped(self, transaction_id: str, second: int) -> None:
        id = document_id(self.id, transaction_id)
        await self.event(TransactionEnded(id=id, transaction_id=transaction_id), second)

    async def deleted(self, second: int) -> None:
        """The station was."""
        await self.event(StationDeleted(), second)

    async def event(self, event: EventData, second: int) -> None:
        message = Message(
            data=encode(event),
            message_id="e",
            station_id=self.id,
            action=type(event).__name__,
            kind=Kind.EVENT,
            origin=Direction.FROM_STATION,
            ocpp_version=self.version,
            sent_at=at(second),
        )
        await router.handle(message, Recorder(), self.ledger, lambda: NOW)  # type: ignore[arg-type]

    async def report(
        self, evse_id: int, *profiles: Json, second: int, source: str = "CSO", tbc: bool = False
    ) -> None:
        payload = {
            "requestId": 5,
            "evseId": evse_id,
            "chargingLimitSource": source,
            "tbc": tbc,
            "chargingProfile": list(profiles),
        }
        await self.call("ReportChargingProfiles", payload, second)

    async def call(self, action: str, payload: Json, second: int) -> Json:
        """What the station is answered."""
        known, bus = ACTIONS[self.version][action], Recorder()
        known.request_validator.check(payload)
        message = Message(
            data=httpx.Request("POST", "http://x", json=payload).content,
            message_id="1",
            station_id=self.id,
            action=action,
            kind=Kind.CALL,
            origin=Direction.FROM_STATION,
            ocpp_version=self.version,
            reply_to=known.response_topic,
            sent_at=at(second),
        )
        await router.handle(message, bus, self.ledger, lambda: NOW)  # type: ignore[arg-type]
        [(_, answer)] = bus.published
        response: Json = msgspec.json.decode(answer.data)
        known.response_validator.check(response)
        return response

    async def listed(self, path: str = "chargingprofiles", **params: Any) -> list[Json]:
        answer = await self.http.get(f"/chargingstations/{self.id}/{path}", params=params)
        assert answer.status_code == 200, answer.text
        items: list[Json] = answer.json()["items"]
        return items

    async def known(self) -> list[tuple[int, int, str | None]]:
        """EVSE, id and transaction of the profiles that are listed."""
        listed = await self.listed()
        return sorted((one["evseId"], one["id"], one.get("transactionId")) for one in listed)

    async def propose(self, command_id: str, action: str, payload: Json) -> httpx.Response:
        body = {"commandId": command_id, "action": action, "ocppVersion": self.version, "payload": payload}
        return await self.http.post(f"/chargingstations/{self.id}/chargingprofiles/proposals", json=body)


def at(second: int) -> str:
    return rfc3339(NOW + timedelta(seconds=second))
