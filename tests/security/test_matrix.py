"""Every path of every service for every kind of caller: what OpenAPI says that he may do he may, and nothing
else. What a path needs and what a role has is written down once; here each pair of them is tried.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from libs.csms.access.callers import SERVICES
from libs.csms.access.groups import UnknownStation
from libs.csms.access.routes import TELLS_GROUPS_APART
from libs.csms.access.scopes import ROLES, Role, Scope, with_implied
from libs.csms.messaging.provision import provision
from libs.csms.storage.sqlite.store import SqliteStore
from services.device.app import router
from services.device.registry.model import Station

from .apis import ABOUT_ONESELF, SERVICE_NAMES, SIGN_IN, Apis, apis_on, declared, operations, url_of

NO_STATION = UnknownStation().detail

WITH_CONSOLE = [*SERVICE_NAMES, "console"]


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apis]:
    folder = tmp_path_factory.mktemp("matrix")
    store = SqliteStore(folder / "csms.db")
    made = apis_on(store, folder / "keys")
    asyncio.run(provision(made.bus, router.subscriptions))
    yield made
    asyncio.run(store.close())


def is_refused_for(answer: httpx.Response, missing: frozenset[Scope]) -> bool:
    return answer.status_code == 403 and answer.json().get("missingScope") in missing


@pytest.mark.parametrize("service", WITH_CONSOLE)
@pytest.mark.parametrize("caller", [*Role, *SERVICES])
async def test_a_caller_may_do_what_its_scopes_say_and_nothing_else(
    apis: Apis, caller: str, service: str
) -> None:
    if caller in SERVICES:
        key, scopes = apis.service_keys[caller], SERVICES[caller].scopes
    else:
        role = Role(caller)
        key, scopes = (await apis.keys.create(role, "test", role)).text, with_implied(ROLES[role])
    wrong, cells = [], 0
    async with apis.client(service, key) as http:
        for method, path, operation in operations(apis.apps[service]):
            answer = await http.request(method, url_of(path))
            missing = declared(operation) - scopes
            if missing:
                right = is_refused_for(answer, missing)
            else:
                right = answer.status_code not in (401, 403, 429) and answer.status_code < 500
            if not right:
                wrong.append((method, path, answer.status_code, answer.text))
            cells += 1
    assert wrong == []
    assert cells >= (1 if service == "console" else 7)


@pytest.mark.parametrize("service", WITH_CONSOLE)
async def test_without_a_key_nobody_gets_anything_once_there_is_one(apis: Apis, service: str) -> None:
    await apis.keys.create("first", "test", Role.ADMIN)
    for key in ("", "csms_x_y", "csms_" + "0" * 16 + "_" + "A" * 43):
        async with apis.client(service, key) as http:
            for method, path, _ in operations(apis.apps[service]):
                answer = await http.request(method, url_of(path))
                allowed = (422,) if (method, path) == SIGN_IN else (401, 429)  # it guesses too often
                assert answer.status_code in allowed, (method, path)


UNBOUND_ONLY = {
    "/audit",
    "/audit/key",
    "/audit/records",
    "/audit/segments",
    "/authorizationpolicies",
    "/authorizationpolicies/{type}",
    "/deadletters",
    "/deadletters/{id}",
    "/deadletters/{id}/retry",
    "/idtokens",
    "/idtokens/{idToken}",
    "/keys",
    "/keys/{id}",
    "/keys/{id}/rotate",
    "/stationgroups",
    "/stationgroups/{id}",
    "/stationprofiles",
    "/stationprofiles/{id}",
    "/users",
    "/users/{id}",
    "/users/{id}/totp",
}
"""Paths about what belongs to no station. docs/security.md says why those who are bound may not use them."""


@pytest.mark.parametrize("service", WITH_CONSOLE)
@pytest.mark.parametrize("role", Role)
async def test_a_caller_who_is_bound_to_groups_may_do_what_its_scopes_say_with_the_stations_in_them(
    apis: Apis, role: Role, service: str
) -> None:
    key = (await apis.keys.create(role, "test", role, groups=["north"])).text
    scopes, stations = with_implied(ROLES[role]), apis.device.registry.stations
    south = Station(id="S1", group="south")
    await stations.put("S1", south)
    wrong = []
    async with apis.client(service, key) as http:
        for method, path, operation in operations(apis.apps[service]):
            missing = declared(operation) - scopes
            is_of_station = path.startswith("/chargingstations/") and "{id}" in path
            is_apart = TELLS_GROUPS_APART.items() <= operation.items()
            await stations.put("N1", Station(id="N1", group="north"))  # another path may have deleted it
            for id in ("N1", "S1", "unknown"):
                answer = await http.request(method, url_of(path, id=id))
                if missing:
                    right = is_refused_for(answer, missing)
                elif not is_of_station and not is_apart:
                    right = answer.status_code == 403 and "groups" in answer.json()["detail"]
                elif is_of_station and id != "N1":
                    right = (answer.status_code, answer.json()["detail"]) == (404, NO_STATION)
                elif is_of_station:
                    right = answer.status_code not in (401, 403, 429) and NO_STATION not in answer.text
                else:
                    right = answer.status_code not in (401, 403, 429) and answer.status_code < 500
                if not right:
                    wrong.append((method, path, id, answer.status_code, answer.text))
                if not is_of_station:
                    break
    assert wrong == []
    assert await stations.get("S1") == south


@pytest.mark.parametrize("service", WITH_CONSOLE)
def test_paths_for_callers_who_are_bound_to_no_group_are_these(apis: Apis, service: str) -> None:
    found = {
        path
        for _, path, operation in operations(apis.apps[service])
        if not (path.startswith("/chargingstations/") and "{id}" in path)
        and not TELLS_GROUPS_APART.items() <= operation.items()
        and not ABOUT_ONESELF.fullmatch(path)
    }
    served = {path for _, path, _ in operations(apis.apps[service])}
    assert found == UNBOUND_ONLY & served
