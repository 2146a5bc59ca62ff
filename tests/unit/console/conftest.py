"""A console on the REST of the real services, with their embedded store, and what browsers are shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from libs.csms.access.callers import SERVICES
from libs.csms.access.scopes import Role
from libs.csms.clients.stations import DeviceClient
from libs.csms.clock import utc_now
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.messaging.provision import provision
from libs.csms.settings import Settings, load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.web.server import inside, proxied
from services.console.app import console_app
from services.console.fleet import Fleet
from services.console.live.feed import Feed
from services.console.person import Apis, console_itself
from services.device import app as device
from services.device.service import Device
from services.transaction import app as transaction
from services.transaction.service import TransactionService
from services.user import app as user
from services.user.people.passwords import Passwords
from services.user.service import User
from tests.security.people import CHEAP, PASSWORD, SHELL

HOST = "http://localhost"


class Shown(HTMLParser):
    """What is on a page: its words, and the elements of which a test asks."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data.split()

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        return [
            known
            for name, known in self.elements
            if name == tag and all(known.get(key.rstrip("_")) == value for key, value in attributes.items())
        ]


@dataclass
class Console:
    """The console, the services behind it, and a browser that is not signed in."""

    app: FastAPI
    browser: httpx.AsyncClient
    devices: Device
    users: User
    transactions: TransactionService
    bus: EmbeddedBus
    settings: Settings
    others: list[httpx.AsyncClient] = field(default_factory=list)

    async def page(self, path: str, **options: Any) -> Shown:
        response = await self.browser.get(path, **options)
        assert response.status_code == 200, response.text
        return Shown(response.text)

    async def add(self, id: str, role: Role, **more: Any) -> None:
        """A person; and before the first one, the administrator that there must be."""
        accounts = self.users.accounts
        if not await accounts.sessions.is_anybody():
            await accounts.create("root", "Root", PASSWORD, SHELL, Role.ADMIN)
        await accounts.create(id, id.title(), PASSWORD, SHELL, role, **more)

    async def sign_in(self, id: str, role: Role, **more: Any) -> None:
        """The browser, from now on, as a new person."""
        await self.add(id, role, **more)
        response = await self.browser.post("/signin", data={"user": id, "password": PASSWORD})
        assert response.status_code == 303, response.text

    async def register(self, id: str, **station: Any) -> None:
        """By REST, as nobody in particular."""
        client = httpx.AsyncClient(transport=self.browser._transport, base_url=HOST)
        response = await client.post("/stations", data={"id": id, **station})
        assert response.status_code == 303, response.text


@asynccontextmanager
async def running_feed(feed: Feed) -> AsyncIterator[None]:
    task = asyncio.create_task(feed.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def transport_of(app: FastAPI) -> httpx.ASGITransport:
    return httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 5))


class Current:
    """Stands for a service, or what it holds, in APIs that are built once for all tests, as that takes half
    a second. While they are built, what is asked of it stands for the same of the current service.
    """

    is_building = True

    def __init__(self, find: Callable[[], Any]) -> None:
        self._find = find

    def __getattr__(self, name: str) -> Any:
        if Current.is_building:
            return Current(lambda: getattr(self._find(), name))
        return getattr(self._find(), name)

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self._find()(*args, **options)


@dataclass
class Backend:
    """The APIs of the services, of whichever is current."""

    device: FastAPI
    transaction: FastAPI
    user: FastAPI
    current: dict[str, Any]
    """By ``devices``, ``users`` and ``transactions``."""


@pytest.fixture(scope="session")
def backend() -> Backend:
    current: dict[str, Any] = {}
    settings = load()

    def of(name: str) -> Any:
        return Current(lambda: current[name])

    devices, users, transactions = of("devices"), of("users"), of("transactions")
    keys, sessions, trail = users.keys, users.accounts.sessions, users.trail
    device_api = device.app_of(devices, settings, keys, sessions, trail)
    user_api = user.app_of(users, DeviceClient(inside(device_api, SERVICES["user"])), settings)
    transaction_api = transaction.app_of(transactions, settings, keys, sessions, devices.registry, trail)
    for api in (device_api, user_api, transaction_api):
        api.middleware_stack = api.build_middleware_stack()
    Current.is_building = False
    return Backend(device_api, transaction_api, user_api, current)


@pytest.fixture
async def console(tmp_path: Path, backend: Backend) -> AsyncIterator[Console]:
    settings, bus, store = load(data_dir=tmp_path), EmbeddedBus(), SqliteStore(tmp_path / "csms.db")
    await provision(bus, ())
    users = User.of(store, utc_now, settings)
    users.accounts.passwords = Passwords(CHEAP)
    devices = Device.of(store, bus, utc_now, settings)
    transactions = transaction.of_store(settings, bus, store, users.authorize, utc_now)
    backend.current.update(devices=devices, users=users, transactions=transactions)
    fleet = Fleet(
        console_itself(inside(backend.device, SERVICES["console"])),
        console_itself(inside(backend.transaction, SERVICES["console"])),
    )
    apis = Apis(proxied(backend.device), proxied(backend.transaction), proxied(backend.user))
    feed = Feed(bus)
    app = console_app(settings, apis, fleet, feed, devices.registry)
    async with (
        running_feed(feed),
        users.trail.running(),
        httpx.AsyncClient(transport=transport_of(app), base_url=HOST) as browser,
    ):
        yield Console(app, browser, devices, users, transactions, bus, settings)
    await store.close()
