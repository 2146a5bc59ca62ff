from __future__ import annotations

import asyncio
from pathlib import Path
from socket import create_server

import msgspec

from libs.csms.clients.authorization import Authorization
from libs.csms.clock import rfc3339, utc_now
from libs.csms.lifespan import running
from libs.csms.messaging.bus import Subscription
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.settings import Settings
from libs.csms.storage.sqlite.store import SqliteStore
from libs.ocpp_messages.action import Direction
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.transaction.app import transaction_service

from .fakes import event, token


async def test_the_service_answers_what_comes_by_bus_and_publishes_the_end(tmp_path: Path) -> None:
    async def authorize(id_token: str, type_: str | None, presented: object) -> Authorization:
        return Authorization(status="Accepted")

    bus, store = EmbeddedBus(), SqliteStore(tmp_path / "x.db")
    settings = Settings(_env_file=None)
    listener = create_server(("127.0.0.1", 0))
    service = transaction_service(settings, bus, store, authorize, utc_now)
    outgoing = [Subscription("answers", "TransactionEventResponse"), Subscription("ends", "TransactionEnded")]
    for subscription in [*service.subscriptions, *outgoing]:
        await bus.create_topic(subscription.topic)
        await bus.create_subscription(subscription)
    arrived: asyncio.Queue[Message] = asyncio.Queue()

    async with asyncio.TaskGroup() as tasks, asyncio.timeout(10), running(service, listener):
        listening = [tasks.create_task(bus.consume(one, arrived.put)) for one in outgoing]
        call = Message(
            data=msgspec.json.encode(event("Ended", 0, 0, idToken=token())),
            message_id="17",
            station_id="CS1",
            action="TransactionEvent",
            kind=Kind.CALL,
            origin=Direction.FROM_STATION,
            ocpp_version=Version.V21,
            reply_to="TransactionEventResponse",
            sent_at=rfc3339(utc_now()),
        )
        await bus.publish("TransactionEventRequest", call)
        messages = sorted([await arrived.get(), await arrived.get()], key=lambda message: message.kind)
        for task in listening:
            task.cancel()
    await store.close()

    ended, answer = messages
    assert (answer.kind, answer.message_id) == (Kind.RESULT, "17")
    assert msgspec.json.decode(answer.data) == {"idTokenInfo": {"status": "Accepted"}}
    assert (ended.kind, ended.action, ended.station_id) == (Kind.EVENT, "TransactionEnded", "CS1")
    assert {
        "MeterValuesRequest",
        "StartTransactionRequest",
        "StopTransactionRequest",
        "TransactionEventRequest",
    } < {one.topic for one in service.subscriptions}
