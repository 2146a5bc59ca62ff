"""Transactions that are not in order, from the bus to REST, on both pairs."""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest

from libs.csms.clients.authorization import Authorization
from libs.csms.clock import rfc3339, utc_now
from libs.csms.lifespan import running
from libs.csms.messaging.bus import Bus, Subscription
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.messaging.provision import provision
from libs.csms.messaging.pubsub.bus import PubSubBus
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.event import (
    TRANSACTION_INCOMPLETE,
    CommandEnded,
    ConnectorAvailable,
    EventData,
    MessageRefused,
    TransactionIncomplete,
)
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.processes import ROUTERS
from services.transaction.app import transaction_service

from ..ports import free_port
from .sessions import at
from .system import Process

Json = dict[str, Any]
INCOMPLETE = Subscription("test.TransactionIncomplete", TRANSACTION_INCOMPLETE.name)


class Csms(NamedTuple):
    """A transaction service, and the bus that gateways would publish to."""

    http: httpx.AsyncClient
    bus: Bus

    async def event(self, event: EventData, version: Version = Version.V16, times: int = 2) -> None:
        name = type(event).__name__
        for _ in range(times):
            await self._publish(name, name, Kind.EVENT, msgspec.json.encode(event), version)

    async def call(self, action: str, payload: Json, version: Version = Version.V16, **more: str) -> None:
        data = msgspec.json.encode(payload)
        await self._publish(f"{action}Request", action, Kind.CALL, data, version, **more)

    async def _publish(
        self, topic: str, action: str, kind: Kind, data: bytes, version: Version, **more: str
    ) -> None:
        message = Message(
            data=data,
            message_id=uuid.uuid4().hex,
            station_id="CS1",
            action=action,
            kind=kind,
            sent_at=rfc3339(utc_now()),
            origin=Direction.FROM_STATION,
            ocpp_version=version,
            **more,
        )
        await self.bus.publish(topic, message)

    async def until(self, id: str, done: Callable[[Any], bool]) -> Any:
        """The transaction, when it is so."""
        async with asyncio.timeout(30):
            while True:
                answer = await self.http.get(f"/transactions/{id}")
                if answer.status_code == 200 and done(answer.json()):
                    return answer.json()
                await asyncio.sleep(0.05)


@pytest.fixture
async def embedded_transactions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Csms]:
    """In this process: an embedded bus is shared in no other way."""

    async def authorize(id_token: str, type_: str | None, presented: object) -> Authorization:
        return Authorization(status="Accepted")

    monkeypatch.setenv("CSMS_MISSING_EVENTS_DELAY", "0.2")
    store, bus, port = SqliteStore(tmp_path / "csms.db"), EmbeddedBus(), free_port()
    service = transaction_service(load(), bus, store, authorize, utc_now)
    await provision(bus, [*(one for router in ROUTERS for one in router.subscriptions), INCOMPLETE])
    async with (
        running(service, socket.create_server(("127.0.0.1", port))),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        yield Csms(http, bus)
    await store.close()


@pytest.fixture
async def google_transactions(
    tmp_path: Path, name: str, pubsub_emulator: str, firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Csms]:
    project, port = f"refused-{name}", free_port()
    variables = {
        "PUBSUB_EMULATOR_HOST": pubsub_emulator,
        "FIRESTORE_EMULATOR_HOST": firestore_emulator,
        "GOOGLE_CLOUD_PROJECT": project,
        "CSMS_MISSING_EVENTS_DELAY": "0.2",
    }
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub_emulator)
    arguments = ["run", "transaction", "--port", str(port)]
    process, bus = Process("transaction", arguments, variables, port, tmp_path / "log"), PubSubBus(project)
    try:
        await process.start()
        await provision(bus, [INCOMPLETE])
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
            yield Csms(http, bus)
    finally:
        process.stop()
        await bus.close()


@pytest.fixture(params=["embedded", pytest.param("google", marks=pytest.mark.emulator)])
def csms(request: pytest.FixtureRequest) -> Csms:
    started: Csms = request.getfixturevalue(f"{request.param}_transactions")
    return started


def event(event_type: str, seq_no: int, kwh: float) -> Json:
    sampled = {"value": kwh, "unitOfMeasure": {"unit": "kWh"}}
    return {
        "eventType": event_type,
        "timestamp": at(seq_no),
        "triggerReason": "MeterValuePeriodic",
        "seqNo": seq_no,
        "transactionInfo": {"transactionId": "tx-1"},
        "evse": {"id": 1, "connectorId": 1},
        "meterValue": [{"timestamp": at(seq_no), "sampledValue": [sampled]}],
    }


async def test_a_stop_that_was_refused_ends_its_transaction(csms: Csms) -> None:
    for minute, wh in ((0, "1000"), (5, "3000")):
        values = [{"timestamp": at(minute), "sampledValue": [{"value": wh}]}]
        await csms.call("MeterValues", {"connectorId": 1, "transactionId": 77, "meterValue": values})
    await csms.until("CS1:77", lambda shown: shown.get("energyWh") == 2000)

    refused = {"transactionId": "77", "meterStop": "6000.5", "timestamp": at(9).replace("T", " ")}
    reason = "meterStop: must be integer"
    await csms.event(
        MessageRefused(
            action="StopTransaction", message_id="1", payload=refused, code="TypeConstraint", reason=reason
        )
    )

    shown = await csms.until("CS1:77", lambda shown: not shown["active"])
    assert (shown["energyWh"], shown["meterStopWh"], shown["stoppedReason"]) == (5000.5, 6000.5, "Other")
    assert f"salvaged: StopTransaction {reason}" in shown["warnings"]
    found = await csms.http.get("/transactions", params={"quality": "doubtful", "active": False})
    assert [one["id"] for one in found.json()["items"]] == ["CS1:77"]


async def test_repairs_and_falls_of_the_register_are_shown(csms: Csms) -> None:
    version = Version.V21
    await csms.call("TransactionEvent", event("Started", 0, 0), version)
    await csms.call(
        "TransactionEvent", event("Updated", 1, 0.15009), version, repairs="null@evse.connectorId"
    )
    ended = event("Ended", 2, 0.20649)
    del ended["meterValue"][0]["sampledValue"][0]["unitOfMeasure"]
    await csms.call("TransactionEvent", ended, version)

    shown = await csms.until("CS1:tx-1", lambda shown: not shown["active"] and shown["energyWh"])
    assert (shown["meterStopWh"], shown["meterHighestWh"], shown["energyWh"]) == (0.20649, 150.09, 150.09)
    assert shown["warnings"] == [
        "repaired: TransactionEvent null",
        "the meter ran backwards",
        "the unit of the energy register changed",
    ]


async def test_missing_events_are_asked_for_and_an_available_connector_is_marked(csms: Csms) -> None:
    version, incomplete = Version.V201, asyncio.Queue[Message]()
    async with asyncio.TaskGroup() as tasks:
        consuming = tasks.create_task(csms.bus.consume(INCOMPLETE, incomplete.put))
        await csms.call("TransactionEvent", event("Started", 0, 0), version)
        await csms.call("TransactionEvent", event("Updated", 3, 1), version)
        async with asyncio.timeout(30):
            asked = TRANSACTION_INCOMPLETE.decode((await incomplete.get()).data)
        consuming.cancel()
    assert asked == TransactionIncomplete(id="CS1:tx-1", transaction_id="tx-1", missing_seq_nos=[1, 2])

    await csms.event(
        CommandEnded(
            id="1",
            action="GetTransactionStatus",
            status="answered",
            payload={"transactionId": "tx-1"},
            response={"messagesInQueue": False, "ongoingIndicator": True},
            answered_at=rfc3339(utc_now()),
        ),
        version,
    )
    await csms.event(ConnectorAvailable(evse_id=1, connector_id=1, since=at(4)), version)

    shown = await csms.until("CS1:tx-1", lambda shown: len(shown["warnings"]) == 2)
    assert shown["messagesInQueue"] is False
    assert shown["warnings"] == [
        "events are missing, and the station has no more of them",
        "its connector is available",
    ]
