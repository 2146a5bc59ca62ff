"""Every path of every service needs a scope, and gives nobody more than his role."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from libs.csms.access.callers import SERVICES, Caller
from libs.csms.access.routes import SCHEME, ScopedRoute
from libs.csms.access.scopes import ACTION_SCOPES, ROLES, Role, Scope
from libs.csms.messaging.provision import provision
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.web.documentation import documentation
from libs.csms.web.guard import HEALTH
from libs.csms.web.server import inside
from libs.ocpp_messages.catalogue import ACTIONS
from services.device import app as device
from services.device.connectivity.model import Connection
from services.device.operations.model import OPERATIONS, Operation

from .apis import ABOUT_ONESELF, SERVICE_NAMES, Apis, apis_on, declared, operations

OPEN = {*HEALTH, "/openapi.json", *(route.path for route in documentation("").routes)}  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apis]:
    folder = tmp_path_factory.mktemp("apis")
    store = SqliteStore(folder / "csms.db")
    yield apis_on(store, folder / "keys")
    asyncio.run(store.close())


@pytest.mark.parametrize("service", SERVICE_NAMES)
def test_every_path_needs_a_scope(apis: Apis, service: str) -> None:
    checked = 0
    for route in iter_route_contexts(apis.apps[service].routes):
        if route.path in OPEN:
            continue
        assert isinstance(route.original_route, ScopedRoute), route.path
        assert route.original_route.scopes or ABOUT_ONESELF.fullmatch(route.path), route.path
        checked += 1
    assert checked >= 6


@pytest.mark.parametrize("service", SERVICE_NAMES)
def test_the_description_shows_the_scopes_of_every_path(apis: Apis, service: str) -> None:
    description = apis.apps[service].openapi()

    assert description["components"]["securitySchemes"][SCHEME]["scheme"] == "bearer"
    for _, path, operation in operations(apis.apps[service]):
        assert declared(operation) or ABOUT_ONESELF.fullmatch(path), path


def test_every_command_needs_the_scope_of_its_action_however_it_is_sent(apis: Apis) -> None:
    found = 0
    for _, path, operation in operations(apis.apps["device"]):
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


async def test_a_command_to_many_needs_the_scope_of_its_action_too(apis: Apis) -> None:
    key = (await apis.keys.create("operator", "test", Role.OPERATOR)).text
    async with apis.client("device", key) as http:
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
            "console": {Scope.STATIONS_READ, Scope.TRANSACTIONS_READ, Scope.TOKENS_MASKED},
        }[name]
    )


@pytest.fixture
async def gateway(apis: Apis) -> AsyncIterator[httpx.AsyncClient]:
    async with inside(apis.apps["device"], SERVICES["gateway"]) as http:
        yield http


async def test_a_gateway_may_ask_for_admission_and_nothing_else(
    apis: Apis, gateway: httpx.AsyncClient
) -> None:
    allowed = []
    for method, path, _ in operations(apis.apps["device"]):
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
    store = SqliteStore(tmp_path / "csms.db")
    apis = apis_on(store, tmp_path / "keys")
    await provision(apis.bus, device.router.subscriptions)
    connection = Connection(station_id="CS1", connection_id="1", connected=True, ocpp_version="ocpp1.6")
    await apis.device.connectivity.connections.put("CS1", connection)
    answers = {}
    for role in (Role.ADMIN, Role.TECHNICIAN):
        async with apis.client("device", (await apis.keys.create(role, "test", role)).text) as http:
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
