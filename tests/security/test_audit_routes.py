"""Every path of every service that may change something is in the audit trail, and every command says who
asked for it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from libs.csms.access.callers import SERVICES
from libs.csms.access.keys import NewKey
from libs.csms.access.routes import ScopedRoute
from libs.csms.access.scopes import Role
from libs.csms.audit.model import Record
from libs.csms.clients.stations import DeviceClient
from libs.csms.clock import utc_now
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.messaging.provision import provision
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.web.app import create_app
from libs.csms.web.guard import SAFE_METHODS
from libs.csms.web.server import inside
from services.device import app as device
from services.device.commands.batches import prepare
from services.device.connectivity.model import Connection
from services.device.service import Device
from services.transaction.api import api as transaction_api
from services.transaction.service import TransactionService
from services.user import app as user
from services.user.service import User

from .trails import Copy

ONLY_ASKS = {"/chargingstations/{id}/admission", "/authorizations"}


@dataclass
class System:
    apis: dict[str, FastAPI]
    user: User
    device: Device
    admin: NewKey

    def client(self, service: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.apis[service], raise_app_exceptions=False),
            base_url="http://localhost",
            headers={"Authorization": f"Bearer {self.admin.text}"},
        )

    async def records(self) -> list[Record]:
        copy = await Copy.of(self.user.trail)
        assert await copy.broken() == []
        return [one for one in copy.records_ if one.kind == "act"]


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[System]:
    settings, bus, store = load(), EmbeddedBus(), SqliteStore(tmp_path / "csms.db")
    tokens, stations = User.of(store, utc_now, settings), Device.of(store, bus, utc_now, settings)
    await provision(bus, device.router.subscriptions)
    device_api = device.app_of(stations, settings, tokens.keys, tokens.accounts.sessions, tokens.trail)
    asked = DeviceClient(inside(device_api, SERVICES["user"]))
    transactions = TransactionService.of(store, tokens.authorize, bus, utc_now)
    options: Any = {"keys": tokens.keys, "trail": tokens.trail}
    apis = {
        "device": device_api,
        "user": create_app("User service", user.api(tokens, asked), settings, **options),
        "transaction": create_app("Transaction service", transaction_api(transactions), settings, **options),
    }
    yield System(apis, tokens, stations, await tokens.keys.create("admin", "test", Role.ADMIN))
    await store.close()


@pytest.mark.parametrize("service", ["device", "user", "transaction"])
async def test_every_path_that_may_change_something_leaves_a_record(system: System, service: str) -> None:
    asking = set()
    expected = []
    async with system.client(service) as http:
        for route in iter_route_contexts(system.apis[service].routes):
            for method in sorted(set(route.methods or ()) - SAFE_METHODS):
                assert isinstance(route.original_route, ScopedRoute), route.path
                await http.request(method, re.sub(r"{[\w:]+}", "x", route.path or ""), json=None)
                if route.path == "/sessions" and method == "POST":
                    continue  # nobody has signed in yet: written when it is over
                if route.original_route.is_act:
                    expected.append(f"{method} {re.sub(':path', '', route.path or '')}")
                else:
                    asking.add(route.path)
    written = [one for one in await system.records() if one.service == system.apis[service].title]

    assert [one.action for one in written] == expected
    assert {(one.caller_id, one.caller_kind) for one in written} == {(system.admin.key.id, "key")}
    assert all(one.end is not None and one.request_id for one in written)
    assert asking <= ONLY_ASKS


async def connect(system: System, id: str = "CS1", version: str = "ocpp2.0.1") -> None:
    connection = Connection(station_id=id, connection_id="1", connected=True, ocpp_version=version)
    await system.device.connectivity.connections.put(id, connection)


async def test_a_command_says_who_asked_for_it(system: System) -> None:
    await connect(system)
    async with system.client("device") as http:
        await http.post("/chargingstations", json={"id": "CS1"})
        sent = await http.post("/chargingstations/CS1/commands/ClearCache?wait=0")
        operated = await http.post("/chargingstations/CS1/remote/clear-cache?wait=0", json={})
        commands = (await http.get("/chargingstations/CS1/commands")).json()["items"]
    assert operated.status_code == 202, operated.text
    ids = [sent.json()["id"], operated.json()["id"]]
    written = [one for one in await system.records() if one.station_id == "CS1"]

    assert {one["id"] for one in commands} == set(ids)
    assert [one["requestedBy"] for one in commands] == [{"id": system.admin.key.id, "kind": "key"}] * 2
    assert [one.end.command_ids for one in written if one.end is not None] == [(id,) for id in ids]
    assert [one.end.location for one in written if one.end is not None] == [f"/commands/{id}" for id in ids]


async def test_a_command_to_many_says_who_asked_for_it_at_each_station(system: System) -> None:
    await connect(system)
    async with system.client("device") as http:
        await http.post("/chargingstations", json={"id": "CS1"})
        body = {"selection": {"ids": ["CS1", "nobody"]}}
        batch = (await http.post("/commands/ClearCache", json=body)).json()
        known = await system.device.commands.batches.get(batch["id"])
        assert known is not None
        await prepare(system.device.commands, known)
        commands = (await http.get(f"/commands/batches/{batch['id']}/commands")).json()["items"]

    who = {"id": system.admin.key.id, "kind": "key"}
    assert batch["requestedBy"] == who
    assert [one["requestedBy"] for one in commands] == [who, who]


async def test_a_command_that_the_csms_sends_by_itself_says_what_for(system: System) -> None:
    await connect(system)
    async with system.client("device") as http:
        await http.post("/chargingstations", json={"id": "CS1"})
        await system.device.smart_charging.send_command("CS1", "ClearCache", {}, "key", 60)
        [command] = (await http.get("/chargingstations/CS1/commands")).json()["items"]
    assert command["requestedBy"] == {"id": "smart charging", "kind": "system"}


async def test_what_is_made_is_named_and_its_secret_is_not(system: System) -> None:
    async with system.client("user") as http:
        made = (await http.post("/keys", json={"name": "billing", "role": "viewer"})).json()
        await http.post("/idtokens", json={"idToken": "04AABBCCDD", "status": "Accepted"})
    key, token = await system.records()

    assert key.end is not None
    assert token.end is not None
    assert (key.end.location, token.end.location) == (f"/keys/{made['id']}", "/idtokens/****")
    assert made["key"] not in key.model_dump_json()
    assert "04AABBCCDD" not in token.model_dump_json()
