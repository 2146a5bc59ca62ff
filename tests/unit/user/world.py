"""A user service with a clock that stands until it is moved, and stations that keep local lists."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from libs.csms.alarm import Alarm
from libs.csms.clients.stations import DeviceClient, command_id
from libs.csms.clock import Clock, rfc3339
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.storage.store import Collection, Doc, Page, Query, Store
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import CommandEnded, StationConnected, StationDeleted
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.user.app import api
from services.user.local_list import sync
from services.user.local_list.model import LocalList
from services.user.local_list.service import LocalLists
from services.user.local_list.sync import SyncLoop
from services.user.service import User, router

from ..rest import SETTINGS, client_of
from ..tables import store_with
from .device_api import DeviceApi, FakeStation, device_paths
from .moment import NOW

LIST = "/chargingstations/CS1/locallist"


class Died(Exception):
    """The process has ended at this point."""


@dataclass
class Operations:
    """What a process does with its store. With ``writes_left`` it dies before the write after those."""

    reads: int = 0
    writes: int = 0
    writes_left: int | None = None

    def write(self) -> None:
        if self.writes_left is not None:
            if self.writes_left <= 0:
                raise Died
            self.writes_left -= 1
        self.writes += 1


@dataclass
class Observed:
    """A collection whose operations are counted."""

    stored: Collection[Any]
    operations: Operations

    async def get(self, id: str) -> Any:
        self.operations.reads += 1
        return await self.stored.get(id)

    async def update(self, id: str, change: Callable[[Any], Doc]) -> Doc:
        """A write only where something changes; where it does, the process may die before."""
        self.operations.reads += 1

        def changed(document: Any) -> Doc:
            new = change(document)
            if new is not document:
                self.operations.write()
            return new

        return await self.stored.update(id, changed)

    async def put(self, id: str, document: Any) -> None:
        self.operations.write()
        await self.stored.put(id, document)

    async def delete(self, id: str) -> Any:
        self.operations.write()
        return await self.stored.delete(id)

    async def find(self, query: Query) -> Page[Any]:
        page = await self.stored.find(query)
        self.operations.reads += max(1, len(page.items))
        return page

    async def count(self, equals: Any) -> int:
        self.operations.reads += 1
        return await self.stored.count(equals)


class Recorded(Alarm):
    """``times`` are those that it was set to."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.times: list[datetime] = []

    def set(self, at: datetime) -> None:
        self.times.append(at)
        super().set(at)


@dataclass
class World:
    """``client`` is one of the user service. One station is there already."""

    user: User
    device: DeviceApi
    device_client: DeviceClient
    client: httpx.AsyncClient
    now: datetime = NOW

    @property
    def station(self) -> FakeStation:
        return self.device.stations["CS1"]

    async def document(self) -> LocalList:
        """The list as it is stored."""
        found = await self.user.local_lists.documents.get("CS1")
        assert found is not None
        return found

    async def token(self, *texts: str, **fields: Any) -> None:
        for text in texts:
            answer = await self.client.post("/idtokens", json={"idToken": text} | fields)
            assert answer.status_code == 201, answer.text

    async def put(self, *texts: str) -> Any:
        answer = await self.client.put(LIST, json={"idTokens": list(texts)})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def state(self) -> Any:
        answer = await self.client.get(LIST)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def work(self, most: int = 100) -> int:
        """Do what is due, as one process, until nothing is. Returns how many steps that took."""
        lists = self.user.local_lists
        for step in range(most):
            due = await SyncLoop(lists, self.device_client).take()
            if not due:
                return step
            for known in due:
                await sync.reconcile(lists, self.device_client, known)
        raise AssertionError("there is no end to it")

    async def later(self, **much: float) -> int:
        self.now += timedelta(**much)
        return await self.work()

    async def connects(self) -> None:
        self.station.connected = True
        await self.event("StationConnected", StationConnected())

    async def deleted(self, ago: float = 0) -> None:
        """The station was, so many seconds ago."""
        await self.event("StationDeleted", StationDeleted(), self.now - timedelta(seconds=ago))

    async def our_command(self, version: int) -> str:
        """The id of our SendLocalList of that version."""
        return command_id("CS1", (await self.document()).request_key(version))

    async def ended(
        self,
        action: str,
        id: str,
        payload: Any,
        response: Any,
        status: str = "answered",
        version: Version = Version.V201,
    ) -> None:
        ended = CommandEnded(id=id, action=action, status=status, payload=payload, response=response)
        await self.event("CommandEnded", ended, version=version)

    async def event(
        self, name: str, data: Any, at: datetime | None = None, version: Version = Version.V201
    ) -> None:
        event = Message(
            data=encode(data),
            message_id="1",
            station_id="CS1",
            action=name,
            kind=Kind.EVENT,
            sent_at=rfc3339(at or self.now),
            origin=Direction.FROM_STATION,
            ocpp_version=version,
        )
        await router.handle(event, EmbeddedBus(), self.user, self.user.clock)

    def observed(self, operations: Operations) -> World:
        """A process on the same store that goes on where this one is, with its operations counted."""
        kept = self.user.local_lists
        changes = replace(
            kept.tokens.changes,
            documents=Observed(kept.tokens.changes.documents, operations),
            completed=kept.tokens.changes.take(),
            alarm=Recorded(self.user.clock),
        )
        documents = Observed(kept.tokens.documents, operations)
        tokens = replace(kept.tokens, documents=documents, changes=changes)
        lists = replace(kept, documents=Observed(kept.documents, operations), tokens=tokens)
        return replace(self, user=replace(self.user, tokens=tokens, local_lists=lists))

    def mortal(self, writes: int) -> World:
        """Another process on the same store, which dies after so many writes."""
        return self.observed(Operations(writes_left=writes))


async def reconcile(lists: LocalLists, device: DeviceClient, station_id: str) -> None:
    """As the loop does with a list that is due."""
    known = await lists.documents.get(station_id)
    if known is not None and known.retry_at is not None and known.retry_at <= lists.clock():
        await sync.reconcile(lists, device, known)


NOBODY = DeviceClient(httpx.AsyncClient(base_url="http://nobody", verify=False))


def user_client(user: User, device: DeviceClient | None = None) -> httpx.AsyncClient:
    """Of its API; without a device service, local lists cannot be replaced."""
    return client_of(api, user, device or NOBODY)


def tables(store: Store) -> None:
    User.of(store, lambda: NOW, SETTINGS)


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    store, device = await store_with(tables, folder / "user.db"), DeviceApi()
    device.stations["CS1"] = FakeStation()
    http = client_of(device_paths, device)
    device_client = DeviceClient(http)
    user = User.of(store, lambda: made.now, SETTINGS)
    async with user_client(user, device_client) as client, http:
        made = World(user, device, device_client, client)
        yield made
    await store.close()
