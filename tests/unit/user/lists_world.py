"""A user service with a clock that stands until it is moved, and stations to bring local lists to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from libs.csms.clients.stations import Stations
from libs.csms.clock import rfc3339
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.settings import Settings
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.storage.store import Collection, Doc, Page, Query
from libs.csms.web.app import create_app
from libs.ocpp_messages.action import Direction, encode
from libs.ocpp_messages.event import CommandEnded, StationConnected, StationDeleted
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.user import handlers
from services.user.api import api
from services.user.local_lists.api import local_lists_api
from services.user.local_lists.bringing import bring
from services.user.local_lists.keeping import due
from services.user.service import User, router

from .device_api import DeviceApi, FakeStation
from .moment import NOW

router.load(handlers)

LIST = "/chargingstations/CS1/locallist"


class Died(Exception):
    """The process has ended at this point."""


@dataclass
class Mortality:
    """Writes until the process dies, if it does."""

    left: int | None = None

    def spend(self) -> None:
        if self.left is not None:
            if self.left <= 0:
                raise Died
            self.left -= 1


@dataclass
class Mortal:
    """A collection of a process that may die before any write."""

    kept: Collection[Any]
    mortality: Mortality

    async def get(self, id: str) -> Any:
        return await self.kept.get(id)

    async def update(self, id: str, change: Callable[[Any], Doc]) -> Doc:
        self.mortality.spend()
        return await self.kept.update(id, change)

    async def put(self, id: str, document: Any) -> None:
        self.mortality.spend()
        await self.kept.put(id, document)

    async def delete(self, id: str) -> Any:
        self.mortality.spend()
        return await self.kept.delete(id)

    async def find(self, query: Query) -> Page[Any]:
        return await self.kept.find(query)

    async def count(self, equals: Any) -> int:
        return await self.kept.count(equals)


@dataclass
class World:
    """``asked`` is a client of the user service. Of the stations one is there already."""

    user: User
    device: DeviceApi
    stations: Stations
    asked: httpx.AsyncClient
    now: datetime = NOW

    @property
    def station(self) -> FakeStation:
        return self.device.stations["CS1"]

    async def token(self, *texts: str, **fields: Any) -> None:
        for text in texts:
            answer = await self.asked.post("/idtokens", json={"idToken": text} | fields)
            assert answer.status_code == 201, answer.text

    async def wish(self, *texts: str) -> Any:
        answer = await self.asked.put(LIST, json={"idTokens": list(texts)})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def state(self) -> Any:
        answer = await self.asked.get(LIST)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def work(self, most: int = 100) -> int:
        """Bring what is due, as one process, until nothing is. Returns how many steps that took."""
        for step in range(most):
            found = await due(self.user, 10)
            if not found:
                return step
            for station_id in found:
                await bring(self.user, self.stations, station_id)
        raise AssertionError("there is no end to it")

    async def later(self, **much: float) -> int:
        self.now += timedelta(**much)
        return await self.work()

    async def connects(self) -> None:
        self.station.connected = True
        await self.event("StationConnected", StationConnected())

    async def deleted(self, ago: float = 0) -> None:
        """The station was, so many seconds ago."""
        told = StationDeleted()
        await self.event("StationDeleted", told, self.now - timedelta(seconds=ago))

    async def ended(
        self, action: str, id: str, payload: Any, response: Any, status: str = "answered"
    ) -> None:
        told = CommandEnded(id=id, action=action, status=status, payload=payload, response=response)
        await self.event("CommandEnded", told)

    async def event(self, name: str, told: Any, at: datetime | None = None) -> None:
        event = Message(
            data=encode(told),
            message_id="1",
            station_id="CS1",
            action=name,
            kind=Kind.EVENT,
            sent_at=rfc3339(at or self.now),
            origin=Direction.FROM_STATION,
            ocpp_version=Version.V201,
        )
        await router.handle(event, EmbeddedBus(), self.user, self.user.clock)

    def mortal(self, writes: int) -> World:
        """The same process, which dies after so many writes to its lists."""
        mortality, kept = Mortality(writes), self.user.local_lists
        lists = replace(
            kept,
            lists=Mortal(kept.lists, mortality),
            entries=Mortal(kept.entries, mortality),
            messages=Mortal(kept.messages, mortality),
            token_changes=Mortal(kept.token_changes, mortality),
        )
        return replace(self, user=replace(self.user, local_lists=lists))


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    store, device = SqliteStore(folder / "user.db"), DeviceApi()
    device.stations["CS1"] = FakeStation()
    settings = Settings(_env_file=None)
    asking = httpx.AsyncClient(transport=httpx.ASGITransport(device.app), base_url="http://device")
    stations = Stations(asking)
    user = User.of(store, lambda: made.now, settings)
    paths = api(user)
    paths.include_router(local_lists_api(user, stations))
    app = create_app("User service", paths, settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://user") as asked, asking:
        made = World(user, device, stations, asked)
        yield made
    await store.close()
