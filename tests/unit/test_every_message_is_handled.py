"""Every message that a station may send: some service answers it rightly, and once it is enough."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import orjson
import pytest

from libs.csms.clients.authorization import Authorization
from libs.csms.clock import rfc3339
from libs.csms.settings import Settings
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.storage.store import Collection, Document, Index, Store
from libs.ocpp_messages.action import Action, Direction
from libs.ocpp_messages.catalogue import ACTIONS
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.schemas import schema
from services.device.registry.model import Station
from services.device.service import Device
from services.processes import ROUTERS
from services.transaction.service import TransactionService
from services.user.service import User

from .ocpp_messages.payloads import complete, examples

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SENT_BY_STATIONS = [
    action for actions in ACTIONS.values() for action in actions.values() if action.from_station
]

EXAMPLES = 3
"""Of each message, and of each with all its properties."""


class WatchedCollection:
    """Passes everything on, and says which documents change."""

    def __init__(self, collection: Collection[Any], changed: list[str]) -> None:
        self._collection = collection
        self._changed = changed

    async def update(self, id: str, change: Callable[[Any], Document]) -> Any:
        def watched(old: Document | None) -> Document:
            new = change(old)
            if new != old:
                self._changed.append(f"{type(new).__name__} {id}: {old} -> {new}")
            return new

        return await self._collection.update(id, watched)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)


@dataclass
class WatchedStore:
    store: Store
    changed: list[str] = field(default_factory=list)

    def collection(self, name: str, type_: type[Any], indexes: Sequence[Index] = ()) -> Any:
        return WatchedCollection(self.store.collection(name, type_, indexes), self.changed)

    def has_room(self) -> bool:
        return self.store.has_room()

    async def close(self) -> None:
        await self.store.close()


class Csms:
    """All services, and what they publish."""

    def __init__(self, store: WatchedStore) -> None:
        self.store = store
        self.published: list[tuple[str, Message]] = []
        self.deps: dict[str, Any] = {
            "device": Device.of(store, self, lambda: NOW, Settings(_env_file=None)),
            "transaction": TransactionService.of(store, self.authorize, self, lambda: NOW),  # type: ignore[arg-type]
            "user": User.of(store, lambda: NOW, Settings(_env_file=None)),
        }

    async def authorize(self, id_token: str, type_: str | None, presented: object) -> Authorization:
        return Authorization(status="Accepted")

    async def publish(self, topic: str, message: Message) -> None:
        self.published.append((topic, message))

    async def deliver(self, message: Message) -> list[Message]:
        """What is answered. Raises what the handler raises, which would bring the message again."""
        self.published.clear()
        for router in ROUTERS:
            if router.handles(message.action, message.ocpp_version):  # type: ignore[arg-type]
                await router.handle(message, self, self.deps[router.service], lambda: NOW)  # type: ignore[arg-type]
        return [answer for topic, answer in self.published if topic == message.reply_to]


@dataclass
class World:
    csms: Csms
    runner: asyncio.Runner

    def deliver(self, message: Message) -> list[Message]:
        return self.runner.run(self.csms.deliver(message))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with asyncio.Runner() as runner:

        async def opened(path: Path) -> Csms:
            csms = Csms(WatchedStore(SqliteStore(path)))
            await csms.deps["device"].registry.stations.update("CS1", lambda _: Station(id="CS1"))
            return csms

        csms = runner.run(opened(tmp_path_factory.mktemp("every") / "csms.db"))
        yield World(csms, runner)
        runner.run(csms.store.close())


every_action = pytest.mark.parametrize("action", SENT_BY_STATIONS, ids=lambda a: f"{a.version}-{a.name}")


@every_action
def test_a_message_has_a_handler_in_one_service(action: Action[Any, Any]) -> None:
    services = [router.service for router in ROUTERS if router.handles(action.name, action.version)]

    assert len(services) == 1


@every_action
def test_a_message_is_answered_as_its_schema_asks_and_stored_once(
    world: World, action: Action[Any, Any]
) -> None:
    asked = schema(action.version, action.request_topic)
    for payload, _ in chain(examples(asked, EXAMPLES), examples(complete(asked), EXAMPLES)):
        message = call(action, payload)
        answers = world.deliver(message)
        world.csms.store.changed.clear()
        again = world.deliver(message)

        assert len(answers) == len(again) == int(action.answered)
        for answer in [*answers, *again]:
            check(action, answer)
        assert world.csms.store.changed == []


def call(action: Action[Any, Any], payload: Any) -> Message:
    return Message(
        data=orjson.dumps(payload),
        message_id="1",
        station_id="CS1",
        action=action.name,
        kind=Kind.CALL if action.answered else Kind.SEND,
        sent_at=rfc3339(NOW),
        origin=Direction.FROM_STATION,
        ocpp_version=action.version,
        connection_id="1",
        reply_to=action.response_topic if action.answered else "",
    )


def check(action: Action[Any, Any], answer: Message) -> None:
    """A refusal is right too, if the message is to blame for it."""
    if answer.kind is Kind.ERROR:
        assert answer.error_code in ("PropertyConstraintViolation", "FormatViolation"), answer
    else:
        action.response_validator.check(orjson.loads(answer.data))
