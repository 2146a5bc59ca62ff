"""What smart charging receives: commands of an operator, messages of a station, transactions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from fastapi import APIRouter

from libs.csms.clock import rfc3339
from libs.csms.errors import DomainError
from libs.csms.station_messages.api import messages_api
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.event import (
    CommandEnded,
    EventData,
    StationDeleted,
    TransactionEnded,
    TransactionResumed,
    TransactionStarted,
)
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.device.smart_charging import handlers, offered
from services.device.smart_charging.api import smart_charging_api
from services.device.smart_charging.service import SmartCharging, router
from services.device.smart_charging.transactions import document_id

from ...calls import RecordingBus, response_to
from ...rest import client_of
from .profiles import SET, Json

router.load(handlers)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ACCEPTED = {"status": "Accepted"}


class Clock:
    """Stands still, ``minutes`` after the beginning of the test."""

    minutes = 0.0

    def __call__(self) -> datetime:
        return NOW + timedelta(minutes=self.minutes)


@dataclass(frozen=True)
class SentCommand:
    station_id: str
    action: str
    payload: Json
    key: str
    ttl: int


@dataclass
class Commands:
    """What the device service would send, unless there is a ``problem``, and what stations have reported."""

    reported: list[Json] = field(default_factory=list)
    sent: list[SentCommand] = field(default_factory=list)
    problem: DomainError | None = None
    by_id: dict[str, offered.SentCommand] = field(default_factory=dict)
    """What a test says of commands that are open, or have been answered."""

    async def variables(self, station_id: str, component: str) -> Sequence[Json]:
        return [one for one in self.reported if one["component"]["name"] == component]

    async def sent_command(self, id: str) -> offered.SentCommand | None:
        return self.by_id.get(id)

    async def send(self, station_id: str, action: str, payload: Json, key: str, ttl: int) -> None:
        self.sent.append(SentCommand(station_id, action, payload, key, ttl))
        if self.problem is not None:
            raise self.problem


@dataclass
class Operator:
    """``second`` is when a station answered, after the beginning of the test."""

    smart_charging: SmartCharging
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

    async def started(self, transaction_id: str, second: int, start: int | None = None, **more: Any) -> None:
        """The transaction began at ``start``, and its event is received at ``second``."""
        id = document_id(self.id, transaction_id)
        started_at = at(second if start is None else start)
        event = TransactionStarted(id=id, transaction_id=transaction_id, started_at=started_at, **more)
        await self.event(event, second)

    async def stopped(self, transaction_id: str, second: int) -> None:
        id = document_id(self.id, transaction_id)
        event = TransactionEnded(
            id=id, transaction_id=transaction_id, started_at=at(second), ended_at=at(second)
        )
        await self.event(event, second)

    async def resumed(self, transaction_id: str = "tx-1", seq_no: int = 3) -> None:
        id = document_id(self.id, transaction_id)
        await self.event(TransactionResumed(id=id, transaction_id=transaction_id, seq_no=seq_no), 100)

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
        await router.handle(message, RecordingBus(), self.smart_charging, lambda: NOW)

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

    async def call(self, action: str, payload: Json, second: int = 0) -> Json:
        """What the station is answered, right by its schema."""
        sent_at = NOW + timedelta(seconds=second)
        smart_charging = self.smart_charging
        return await response_to(action, payload, router, smart_charging, self.version, self.id, sent_at, NOW)

    async def listed(self, path: str = "chargingprofiles", **params: Any) -> list[Json]:
        answer = await self.http.get(f"/chargingstations/{self.id}/{path}", params=params)
        assert answer.status_code == 200, answer.text
        items: list[Json] = answer.json()["items"]
        return items

    async def known(self) -> list[tuple[int, int, str | None]]:
        """EVSE, id and transaction of the profiles that are listed."""
        listed = await self.listed()
        return sorted((one["evseId"], one["id"], one.get("transactionId")) for one in listed)

    async def check(self, command_id: str, action: str, payload: Json) -> DomainError | None:
        """What is wrong with a command that is to be sent."""
        asked = ACTIONS[self.version][action]
        asked.request_validator.check(payload)
        try:
            await self.smart_charging.check(self.id, command_id, asked, payload)
        except DomainError as problem:
            return problem
        return None


@asynccontextmanager
async def operating(smart_charging: SmartCharging) -> AsyncIterator[Operator]:
    async with client_of(_api, smart_charging) as http:
        yield Operator(smart_charging, http)


def _api(smart_charging: SmartCharging) -> APIRouter:
    paths = APIRouter()
    paths.include_router(smart_charging_api(smart_charging))
    paths.include_router(messages_api(smart_charging.message_log, smart_charging.clock))
    return paths


def at(second: int) -> str:
    return rfc3339(NOW + timedelta(seconds=second))
