"""The APIs of all services on one store, as ``csms up`` has them, and what OpenAPI says of their paths."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from libs.csms.access.callers import SERVICES
from libs.csms.access.keys import Keys
from libs.csms.access.routes import SCHEME
from libs.csms.access.scopes import Scope
from libs.csms.access.service_keys import accepted_keys
from libs.csms.clients.stations import DeviceClient
from libs.csms.clock import utc_now
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.web.app import create_app
from libs.csms.web.server import inside, proxied
from services.console.app import console_app
from services.console.fleet import Fleet
from services.console.live.feed import Feed
from services.console.person import Apis as ConsoleApis
from services.console.person import console_itself
from services.device import app as device
from services.device.service import Device
from services.transaction.api import api as transaction_api
from services.transaction.service import TransactionService
from services.user import app as user
from services.user.service import User

SERVICE_NAMES = ["device", "user", "transaction"]
"""Of the console, ``apps`` has the pages too, which OpenAPI does not describe."""

ABOUT_ONESELF = re.compile("/me(/.*)?|/sessions(/.*)?")
"""Paths for every caller, about himself."""

SIGN_IN = ("POST", "/sessions")


@dataclass(frozen=True)
class Apis:
    apps: dict[str, FastAPI]
    keys: Keys
    service_keys: dict[str, str]
    """With which the services ask each other, by the name of who asks."""
    bus: EmbeddedBus
    device: Device
    user: User
    transaction: TransactionService

    @asynccontextmanager
    async def client(self, service: str, key: str = "") -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(self.apps[service]),
            base_url="http://localhost",
            headers={"Authorization": f"Bearer {key}"} if key else {},
        ) as http:
            yield http


def apis_on(store: SqliteStore, service_keys: Path) -> Apis:
    """Nobody is refused here because he asks too often, unless his key is wrong."""
    settings, bus = (
        load(failed_logins_per_minute=10**9, service_keys=service_keys, data_dir=service_keys.parent),
        EmbeddedBus(),
    )
    users, stations = User.of(store, utc_now, settings), Device.of(store, bus, utc_now, settings)
    transactions = TransactionService.of(store, users.authorize, bus, utc_now)
    known = {"keys": users.keys, "sessions": users.accounts.sessions}
    device_api = device.app_of(stations, settings, **known)
    asked = DeviceClient(inside(device_api, SERVICES["user"]))
    apps = {
        "device": device_api,
        "user": create_app("User service", user.api(users, asked), settings, stations=asked, **known),
        "transaction": create_app(
            "Transaction service",
            transaction_api(transactions),
            settings,
            stations=stations.registry,
            **known,
        ),
    }
    proxies = ConsoleApis(*(proxied(apps[name]) for name in ("device", "transaction", "user")))
    fleet = Fleet(console_itself(proxies.device), console_itself(proxies.transaction))
    apps["console"] = console_app(settings, proxies, fleet, Feed(bus), stations.registry)
    return Apis(apps, users.keys, accepted_keys(settings), bus, stations, users, transactions)


def operations(app: FastAPI) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def declared(operation: dict[str, Any]) -> frozenset[Scope]:
    """The scopes that an operation needs, as its description says."""
    [requirement] = operation["security"]
    return frozenset(map(Scope, requirement[SCHEME]))


def url_of(path: str, **parameters: str) -> str:
    """The path with these parameters, and ``x`` for all others."""
    return re.sub(r"{(\w+)}", lambda match: parameters.get(match.group(1), "x"), path)
