"""Who is bound to groups of stations sees those, and of the others not even that they are there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI

from libs.csms.access.callers import SERVICES, Caller
from libs.csms.access.routes import TELLS_GROUPS_APART
from libs.csms.access.scopes import Scope
from libs.csms.clients.stations import DeviceClient
from libs.csms.clock import utc_now
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.messaging.provision import provision
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.web.app import create_app
from libs.csms.web.server import inside
from services.device import app as device
from services.device.commands.model import Command
from services.device.service import Device
from services.transaction.api import api as transaction_api
from services.transaction.service import TransactionService
from services.user import app as user
from services.user.service import User

ALL = frozenset(Scope)
STATIONS = {"I1": "islands", "N1": "north", "N2": "north", "S1": "south", "W1": "west", "X1": None}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path_factory.mktemp("groups") / "csms.db")
    yield store
    asyncio.run(store.close())


@pytest.fixture(scope="module")
def stations(store: SqliteStore) -> Device:
    bus = EmbeddedBus()
    asyncio.run(provision(bus, device.router.subscriptions))
    return Device.of(store, bus, utc_now, load())


@pytest.fixture(scope="module")
def app(stations: Device, store: SqliteStore) -> FastAPI:
    user = User.of(store, utc_now, load())
    app = device.app_of(stations, load(), user.keys, user.accounts.sessions)

    async def register() -> None:
        async with inside(app, Caller("x", "local", ALL)) as http:
            for id, group in STATIONS.items():
                await http.post("/chargingstations", json={"id": id, "group": group})

    asyncio.run(register())
    return app


def bound(app: FastAPI, *groups: str) -> httpx.AsyncClient:
    return inside(app, Caller("x", "key", ALL, frozenset(groups)))


@pytest.fixture
async def north(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with bound(app, "north") as http:
        yield http


async def test_a_station_of_another_group_is_as_one_that_is_not_there_on_every_path(
    app: FastAPI, north: httpx.AsyncClient
) -> None:
    checked, different = 0, []
    for path, methods in app.openapi()["paths"].items():
        if not (path.startswith("/chargingstations/") and "{id}" in path):
            continue
        for method in methods:
            answers = []
            for id in ("S1", "X1", "unknown"):
                url = re.sub(r"{\w+}", "1", path.replace("{id}", id))
                answer = await north.request(method, url, json={} if method != "get" else None)
                answers.append((answer.status_code, answer.text))
            if not (answers[0] == answers[1] == answers[2] and answers[0][0] == 404):
                different.append((method, path, answers))
            checked += 1
    assert different == []
    assert checked > 100
    async with inside(app, Caller("x", "local", ALL)) as http:
        listed = {station["id"] for station in (await http.get("/chargingstations")).json()["items"]}
    assert set(STATIONS) <= listed


async def test_paths_that_do_not_tell_groups_apart_are_refused(
    app: FastAPI, north: httpx.AsyncClient
) -> None:
    refused = set()
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            if "{id}" in path and path.startswith("/chargingstations/"):
                continue
            is_apart = TELLS_GROUPS_APART.items() <= operation.items()
            answer = await north.request(method, re.sub(r"{\w+}", "x", path))
            if not is_apart:
                assert answer.status_code == 403, (method, path)
                refused.add(path)
            elif method == "get":
                assert answer.status_code != 403, (method, path)
    assert refused == {
        "/connections",
        "/connectionattempts",
        "/deadletters",
        "/deviations",
        "/stationprofiles",
        "/stationprofiles/{id}",
        "/summary",
    }


async def test_the_services_that_know_no_groups_refuse_all_but_who_he_is(
    app: FastAPI, store: SqliteStore
) -> None:
    tokens = User.of(store, utc_now, load())
    transactions = TransactionService.of(store, tokens.authorize, EmbeddedBus(), utc_now)
    asked = DeviceClient(inside(app, SERVICES["user"]))
    for other in (
        create_app("User service", user.api(tokens, asked), load()),
        create_app("Transaction service", transaction_api(transactions), load()),
    ):
        async with bound(other, "north") as http:
            for path, methods in other.openapi()["paths"].items():
                for method in methods:
                    answer = await http.request(method, re.sub(r"{\w+}", "N1", path))
                    if path == "/me":
                        allowed = {200}
                    elif path.startswith(("/me/", "/sessions")):  # he has no session
                        allowed = {404, 422}
                    else:
                        allowed = {403}
                    assert answer.status_code in allowed, (method, path)


@pytest.mark.parametrize(
    ("groups", "ids"),
    [(["north"], ["N1", "N2"]), (["west", "north"], ["N1", "N2", "W1"]), (["east"], []), ([], [])],
)
async def test_lists_have_the_stations_of_his_groups(app: FastAPI, groups: list[str], ids: list[str]) -> None:
    async with bound(app, *groups) as http:
        bare = [station["id"] for station in (await http.get("/chargingstations/list")).json()]
        paged: list[str] = []
        token = ""
        while True:
            url = f"/chargingstations?pageSize=1&pageToken={token}"
            page = (await http.get(url)).json()
            paged += [station["id"] for station in page["items"]]
            token = page.get("nextPageToken", "")
            if not token:
                break
    assert (bare, paged) == (ids, ids)


async def test_to_ask_for_another_group_finds_nothing(north: httpx.AsyncClient) -> None:
    other = (await north.get("/chargingstations?group=south")).json()["items"]
    own = (await north.get("/chargingstations?group=north")).json()["items"]
    assert (other, [station["id"] for station in own]) == ([], ["N1", "N2"])


@pytest.mark.parametrize("token", ["x", "7.", "-1.", "0.x", "²."])
async def test_a_page_token_that_is_none_of_his_lists_is_refused(
    north: httpx.AsyncClient, token: str
) -> None:
    answer = await north.get("/chargingstations", params={"pageToken": token})
    assert answer.status_code == 422


async def test_he_puts_stations_into_his_groups_only(app: FastAPI) -> None:
    async with bound(app, "islands") as http:
        refused = [
            await http.post("/chargingstations", json={"id": "I2"}),
            await http.post("/chargingstations", json={"id": "I2", "group": "south"}),
            await http.post("/chargingstations/create", json={"id": "I2", "group": "south"}),
            await http.put("/chargingstations/I1", json={}),
            await http.patch("/chargingstations/I1", json={"group": "south"}),
        ]
        taken = [
            await http.post("/chargingstations", json={"id": "I2", "group": "islands"}),
            await http.patch("/chargingstations/I1", json={"model": "M"}),
        ]
        kept = (await http.get("/chargingstations/I1")).json()

    assert [answer.status_code for answer in refused] == [403] * 5
    assert [answer.status_code for answer in taken] == [201, 200]
    assert kept["group"] == "islands"


@pytest.mark.parametrize(("station_id", "status"), [("N1", 200), ("S1", 404), ("gone", 404)])
async def test_commands_are_those_to_his_stations(
    stations: Device, north: httpx.AsyncClient, station_id: str, status: int
) -> None:
    command = Command(
        id=f"command-to-{station_id}",
        station_id=station_id,
        action="Reset",
        ocpp_version="ocpp1.6",
        payload="{}",
        status="queued",
        created_at=utc_now(),
    )
    await stations.commands.commands.put(command.id, command)
    answers = [await north.get(f"/commands/{command.id}"), await north.delete(f"/commands/{command.id}")]
    unknown = await north.get("/commands/unknown")

    assert [answer.status_code for answer in answers] == [status, status]
    if status == 404:
        assert {answer.text for answer in answers} == {unknown.text}


async def test_a_command_to_many_is_for_one_of_his_groups(app: FastAPI, north: httpx.AsyncClient) -> None:
    def body(**selection: object) -> dict[str, object]:
        return {"selection": selection, "payload": {"type": "Immediate"}}

    refused = [
        await north.post("/commands/Reset", json=body(ids=["N1"])),
        await north.post("/commands/Reset", json=body(group="south")),
    ]
    own = await north.post("/commands/Reset", json=body(group="north"))
    async with bound(app, "south") as south:
        path = own.headers["Location"]
        others = [await south.get(path), await south.get(f"{path}/commands"), await south.delete(path)]

    assert [answer.status_code for answer in refused] == [403, 403]
    assert own.status_code == 202
    assert (await north.get(own.headers["Location"])).status_code == 200
    assert [answer.status_code for answer in others] == [404, 404, 404]
