"""Every path of every service needs a scope, and gives nobody more than his role."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from libs.csms.access.callers import SERVICES, Caller
from libs.csms.access.keys import Keys
from libs.csms.access.routes import SCHEME, ScopedRoute
from libs.csms.access.scopes import ACTION_SCOPES, ROLES, Role, Scope, with_implied
from libs.csms.access.sessions import Sessions
from libs.csms.clients.stations import DeviceClient
from libs.csms.clock import utc_now
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.messaging.provision import provision
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.web.app import create_app
from libs.csms.web.documentation import documentation
from libs.csms.web.guard import HEALTH
from libs.csms.web.server import inside
from libs.ocpp_messages.catalogue import ACTIONS
from services.device import app as device
from services.device.connectivity.model import Connection
from services.device.operations.model import OPERATIONS, Operation
from services.device.service import Device
from services.transaction.api import api as transaction_api
from services.transaction.service import TransactionService
from services.user import app as user
from services.user.service import User

ABOUT_ONESELF = re.compile("/me(/.*)?|/sessions(/.*)?")
"""Paths for every caller, about himself."""

SIGN_IN = ("POST", "/sessions")

OPEN = {*HEALTH, "/openapi.json", *(route.path for route in documentation("").routes)}  # type: ignore[attr-defined]


@dataclass(frozen=True)
class System:
    apis: dict[str, FastAPI]
    keys: Keys

    def client(self, service: str, key: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.apis[service]),
            base_url="http://localhost",
            headers={"Authorization": f"Bearer {key}"},
        )


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    settings, bus = load(failed_logins_per_minute=10**9), EmbeddedBus()
    store = SqliteStore(tmp_path_factory.mktemp("apis") / "csms.db")
    tokens, stations = User.of(store, utc_now, settings), Device.of(store, bus, utc_now, settings)
    keys, sessions = tokens.keys, tokens.accounts.sessions
    device_api = device.app_of(stations, settings, keys, sessions)
    asked = DeviceClient(inside(device_api, SERVICES["user"]))
    transactions = TransactionService.of(store, tokens.authorize, bus, utc_now)
    apis = {
        "device": device_api,
        "user": create_app("User service", user.api(tokens, asked), settings, keys=keys, sessions=sessions),
        "transaction": create_app(
            "Transaction service",
            transaction_api(transactions),
            settings,
            keys=keys,
            sessions=sessions,
        ),
    }
    yield System(apis, keys)
    asyncio.run(store.close())


SERVICE_NAMES = ["device", "user", "transaction"]


def operations(app: FastAPI) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def declared(operation: dict[str, Any]) -> frozenset[Scope]:
    [requirement] = operation["security"]
    return frozenset(map(Scope, requirement[SCHEME]))


@pytest.mark.parametrize("service", SERVICE_NAMES)
def test_every_path_needs_a_scope(system: System, service: str) -> None:
    checked = 0
    for route in iter_route_contexts(system.apis[service].routes):
        if route.path in OPEN:
            continue
        assert isinstance(route.original_route, ScopedRoute), route.path
        assert route.original_route.scopes or ABOUT_ONESELF.fullmatch(route.path), route.path
        checked += 1
    assert checked >= 6


@pytest.mark.parametrize("service", SERVICE_NAMES)
def test_the_description_shows_the_scopes_of_every_path(system: System, service: str) -> None:
    description = system.apis[service].openapi()

    assert description["components"]["securitySchemes"][SCHEME]["scheme"] == "bearer"
    for _, path, operation in operations(system.apis[service]):
        assert declared(operation) or ABOUT_ONESELF.fullmatch(path), path


@pytest.mark.parametrize("service", SERVICE_NAMES)
@pytest.mark.parametrize("role", Role)
async def test_a_role_may_do_what_its_scopes_say_and_nothing_else(
    system: System, role: Role, service: str
) -> None:
    key = (await system.keys.create(role, "test", role)).text
    scopes = with_implied(ROLES[role])
    wrong = []
    async with system.client(service, key) as http:
        for method, path, operation in operations(system.apis[service]):
            answer = await http.request(method, re.sub(r"{\w+}", "x", path))
            missing = declared(operation) - scopes
            if missing:
                right = answer.status_code == 403 and answer.json()["missingScope"] in missing
            else:
                right = answer.status_code not in (401, 403)
            if not right:
                wrong.append((method, path, answer.status_code, answer.text))
    assert wrong == []


@pytest.mark.parametrize("service", SERVICE_NAMES)
async def test_nobody_without_a_key_gets_anything_once_there_is_one(system: System, service: str) -> None:
    await system.keys.create("first", "test", Role.ADMIN)
    for key in ("", "csms_x_y", "csms_" + "0" * 16 + "_" + "A" * 43):
        async with system.client(service, key) as http:
            for method, path, _ in operations(system.apis[service]):
                answer = await http.request(method, re.sub(r"{\w+}", "x", path))
                allowed = (422,) if (method, path) == SIGN_IN else (401, 429)  # it guesses too often
                assert answer.status_code in allowed, (method, path)


def test_every_command_needs_the_scope_of_its_action_however_it_is_sent(system: System) -> None:
    found = 0
    for _, path, operation in operations(system.apis["device"]):
        if "/commands/" in path and path.startswith("/chargingstations/"):
            action = path.rpartition("/")[2]
            assert declared(operation) == {Scope.COMMANDS_RAW, ACTION_SCOPES[action]}
            found += 1
    assert found == len(ACTION_SCOPES)


def test_every_action_that_is_sent_to_stations_has_a_scope() -> None:
    sent = {name for actions in ACTIONS.values() for name, action in actions.items() if action.to_station}
    assert ACTION_SCOPES.keys() == sent


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_an_operation_needs_the_scope_of_its_actions(operation: type[Operation]) -> None:
    annotations = [operation.v16.__annotations__["return"], operation.v2.__annotations__["return"]]
    actions = {name for one in annotations for name in re.findall(r"\.(\w+)Request\b", one)}

    assert actions
    assert {ACTION_SCOPES[action] for action in actions} == {operation.scope}


async def test_a_command_to_many_needs_the_scope_of_its_action_too(system: System) -> None:
    key = (await system.keys.create("operator", "test", Role.OPERATOR)).text
    async with system.client("device", key) as http:
        body = {"selection": {"ids": ["CS1"]}, "payload": {"type": "Immediate"}}
        answer = await http.post("/commands/Reset", json=body)

    assert (answer.status_code, answer.json()["missingScope"]) == (403, "commands:maintain")


@pytest.mark.parametrize(
    ("name", "caller"), [(name, caller) for name, caller in SERVICES.items()], ids=list(SERVICES)
)
def test_a_service_has_the_rights_that_it_needs(name: str, caller: Caller) -> None:
    assert (
        caller.scopes
        == {
            "gateway": {Scope.ADMISSION},
            "transaction": {Scope.AUTHORIZATION},
            "user": {Scope.STATIONS_READ, Scope.COMMANDS_MAINTAIN},
        }[name]
    )


@pytest.fixture
async def gateway(system: System) -> AsyncIterator[httpx.AsyncClient]:
    async with inside(system.apis["device"], SERVICES["gateway"]) as http:
        yield http


async def test_a_gateway_may_ask_for_admission_and_nothing_else(
    system: System, gateway: httpx.AsyncClient
) -> None:
    allowed = []
    for method, path, _ in operations(system.apis["device"]):
        answer = await gateway.request(method, re.sub(r"{\w+}", "x", path), json={})
        if answer.status_code != 403:
            allowed.append(path)
    assert allowed == ["/chargingstations/{id}/admission"]


SECRETS = {
    "remote/change-configuration": {"name": "AuthorizationKey", "value": "0123456789abcdef"},
    "commands/ChangeConfiguration": {"key": "AuthorizationKey", "value": "0123456789abcdef"},
}


@pytest.mark.parametrize("path", SECRETS)
async def test_a_technician_sends_no_secrets(tmp_path: Path, path: str) -> None:
    store, bus = SqliteStore(tmp_path / "csms.db"), EmbeddedBus()
    stations, keys = Device.of(store, bus, utc_now, load()), Keys.of(store, utc_now)
    await provision(bus, device.router.subscriptions)
    system = System({"device": device.app_of(stations, load(), keys, Sessions.of(store, utc_now))}, keys)
    connection = Connection(station_id="CS1", connection_id="1", connected=True, ocpp_version="ocpp1.6")
    await stations.connectivity.connections.put("CS1", connection)
    answers = {}
    for role in (Role.ADMIN, Role.TECHNICIAN):
        async with system.client("device", (await keys.create(role, "test", role)).text) as http:
            await http.post("/chargingstations", json={"id": "CS1"})
            url = f"/chargingstations/CS1/{path}?wait=0"
            answers[role] = await http.post(url, json=SECRETS[path])
    await store.close()

    assert answers[Role.TECHNICIAN].status_code == 403
    assert answers[Role.TECHNICIAN].json()["missingScope"] == "credentials:write"
    assert answers[Role.ADMIN].status_code not in (401, 403, 404, 422)


def test_the_page_of_the_apis_has_the_table_of_the_roles() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    rows = re.findall(r"^\| ((?:`[a-z]+(?::[a-z]+)?` ?)+)\|((?: ✓? ?\|){5})$", page, re.MULTILINE)
    told: dict[str, set[str]] = {role: set() for role in Role}
    for scopes, cells in rows:
        for role, cell in zip(Role, cells.split("|"), strict=False):
            if "✓" in cell:
                told[role] |= set(re.findall(r"`([^`]+)`", scopes))

    assert told == {role: set(map(str, scopes)) for role, scopes in ROLES.items()}
