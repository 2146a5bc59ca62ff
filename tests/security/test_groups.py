"""Who is bound to groups of stations sees those, and of the others not even that they are there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from libs.csms.access import groups
from libs.csms.access.callers import SERVICES, Caller
from libs.csms.access.groups import UnknownStation
from libs.csms.access.scopes import Scope
from libs.csms.clients.groups import HttpStationGroups
from libs.csms.clients.stations import DeviceClient
from libs.csms.clock import rfc3339, utc_now
from libs.csms.messaging.provision import provision
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.storage.store import BadPageToken
from libs.csms.web.app import create_app
from libs.csms.web.server import inside
from libs.ocpp_messages.event import Deviation
from services.device import app as device
from services.device.commands.model import Command
from services.device.connectivity.attempts import ConnectionAttempt
from services.device.connectivity.model import Connection, Connector
from services.device.service import Device
from services.transaction.api import api as transaction_api
from services.transaction.energy import Readings
from services.transaction.model import Transaction, TransactionUpdate, document_id
from services.user.reservations.model import AcceptedReservation

from .apis import Apis, apis_on

ALL = frozenset(Scope)
STATIONS = {"I1": "islands", "N1": "north", "N2": "north", "S1": "south", "W1": "west", "X1": None}


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apis]:
    folder = tmp_path_factory.mktemp("groups")
    store = SqliteStore(folder / "csms.db")
    apis = apis_on(store, folder / "keys")

    async def register() -> None:
        await provision(apis.bus, device.router.subscriptions)
        async with inside(apis.apps["device"], Caller("x", "local", ALL)) as http:
            for id, group in STATIONS.items():
                await http.post("/chargingstations", json={"id": id, "group": group})

    asyncio.run(register())
    yield apis
    asyncio.run(store.close())


@pytest.fixture(scope="module")
def stations(apis: Apis) -> Device:
    return apis.device


@pytest.fixture(scope="module")
def app(apis: Apis) -> FastAPI:
    return apis.apps["device"]


NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def connector(id: str, evse_id: int, status: str) -> Connector:
    return Connector(station_id=id, evse_id=evse_id, connector_id=evse_id, status=status, reported_at=NOW)


def terms() -> AcceptedReservation:
    until = NOW + timedelta(days=3650)
    return AcceptedReservation(id_token="T", command_id="c", at=NOW, expiry_date_time=until)


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


async def test_a_search_finds_the_stations_of_his_groups(app: FastAPI, north: httpx.AsyncClient) -> None:
    found = [
        station["id"]
        for q in ("N", "S1", "south", "1")
        for station in await pages(north, "/chargingstations", q=q)
    ]
    other = await pages(north, "/chargingstations", q="s", group="south")
    async with inside(app, Caller("x", "local", ALL)) as http:
        all_found = [station["id"] for station in await pages(http, "/chargingstations", q="south")]
    assert (found, other, all_found) == (["N1", "N2", "N1"], [], ["S1"])


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


async def test_the_list_of_commands_has_those_to_his_stations(
    stations: Device, app: FastAPI, north: httpx.AsyncClient
) -> None:
    for station_id in STATIONS:
        command = Command(
            id=f"listed-{station_id}",
            station_id=station_id,
            action="ClearCache",
            ocpp_version="ocpp1.6",
            payload="{}",
            status="timeout",
            created_at=NOW,
        )
        await stations.commands.commands.put(command.id, command)
    own = await pages(north, "/commands", status="timeout")
    others = [await pages(north, "/commands", stationId=id) for id in ("S1", "X1", "gone")]
    async with inside(app, Caller("x", "local", ALL)) as http:
        all_commands = await pages(http, "/commands", status="timeout")

    assert [command["stationId"] for command in own] == ["N1", "N2"]
    assert others == [[], [], []]
    assert {command["stationId"] for command in all_commands} == STATIONS.keys()


async def test_the_list_of_commands_to_many_has_those_to_his_groups(
    app: FastAPI, north: httpx.AsyncClient
) -> None:
    body = {"payload": {"type": "Immediate"}, "selection": {"group": "west"}}
    async with bound(app, "west") as west, bound(app, "west", "void") as both:
        made = (await west.post("/commands/Reset", json=body)).json()["id"]
        own = [batch["id"] for batch in await pages(west, "/commands/batches")]
        wider = [batch["id"] for batch in await pages(both, "/commands/batches")]
    async with inside(app, Caller("x", "local", ALL)) as http:
        everything = [batch["id"] for batch in await pages(http, "/commands/batches")]

    assert own == wider == [made]
    assert made in everything
    assert made not in [batch["id"] for batch in await pages(north, "/commands/batches")]


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


async def pages(http: httpx.AsyncClient, path: str, **parameters: object) -> list[dict[str, Any]]:
    """What a list has, read two items at a time."""
    items: list[dict[str, Any]] = []
    token = ""
    for _ in range(100):
        answer = await http.get(path, params={"pageSize": 2, "pageToken": token, **parameters})
        assert answer.status_code == 200, answer.text
        assert len(answer.json()["items"]) <= 2
        items += answer.json()["items"]
        token = answer.json().get("nextPageToken", "")
        if not token:
            return items
    raise AssertionError("the list has no end")


LISTS = {
    "/connections": "device",
    "/connectionattempts": "device",
    "/connectors": "device",
    "/transactions": "transaction",
    "/reservations": "user",
}


COUNTS = {"/connections": 1, "/connectors": 2}
"""How many items of each station are in these lists; in the others, three."""


@pytest.fixture(scope="module")
def history(apis: Apis) -> None:
    """Of every station a connection, three refused handshakes, transactions and reservations."""
    attempt = {"reason": "wrongSecret", "detail": "x", "remote_address": "192.0.2.1", "subprotocols": ()}

    async def store() -> None:
        connectivity, user = apis.device.connectivity, apis.user
        for id in STATIONS:
            connection = Connection(station_id=id, connection_id="1", connected=id != "N2")
            await connectivity.connections.put(id, connection)
            await connectivity.report(connector(id, 1, "Charging"))
            await connectivity.report(connector(id, 0, "Available"))
            for number in range(3):
                one = ConnectionAttempt(station_id=id, **attempt, count=1, first_at=NOW, last_at=NOW)
                await connectivity.attempts.put(f"{id}-{number}", one)
                update = TransactionUpdate.of(
                    id, str(number), rfc3339(NOW), Readings(), {"ocppVersion": "ocpp1.6"}
                )
                transaction = Transaction.of(update)
                await apis.transaction.transactions.put(transaction.id, transaction)
                await user.reservations.accepted(id, number, terms())

    asyncio.run(store())


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("groups", [["north"], ["north", "west"], ["east"], ["east", "south", "void"]])
async def test_lists_have_what_is_of_the_stations_of_his_groups(
    apis: Apis, path: str, groups: list[str]
) -> None:
    own = sorted(id for id, group in STATIONS.items() if group in groups)
    async with bound(apis.apps[LISTS[path]], *groups) as http:
        found = [item["stationId"] for item in await pages(http, path)]
    each = COUNTS.get(path, 3)
    assert sorted(found) == sorted(own * each)
    async with inside(apis.apps[LISTS[path]], Caller("x", "local", ALL)) as http:
        assert len(await pages(http, path)) == len(STATIONS) * each


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("path", [path for path in LISTS if path != "/connections"])
async def test_to_ask_a_list_for_a_station_of_another_group_finds_nothing(apis: Apis, path: str) -> None:
    async with bound(apis.apps[LISTS[path]], "north") as http:
        found = {id: await pages(http, path, stationId=id) for id in ("N1", "S1", "X1", "unknown")}
    counts = {"N1": COUNTS.get(path, 3), "S1": 0, "X1": 0, "unknown": 0}
    assert {id: len(items) for id, items in found.items()} == counts


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("wanted", [{"connected": True}, {"ocppVersion": "ocpp1.6"}, {"gatewayId": "none"}])
async def test_connections_are_filtered_for_him_as_for_all(apis: Apis, wanted: dict[str, object]) -> None:
    async with bound(apis.apps["device"], "north") as http:
        own = [item["stationId"] for item in await pages(http, "/connections", **wanted)]
    async with inside(apis.apps["device"], Caller("x", "local", ALL)) as http:
        found = [item["stationId"] for item in await pages(http, "/connections", **wanted)]
    assert own == [id for id in found if STATIONS.get(id) == "north"]


@pytest.mark.usefixtures("history")
async def test_a_page_token_leads_into_no_other_group(apis: Apis) -> None:
    """It names the station where the next page begins, which a client may change."""
    async with bound(apis.apps["transaction"], "south") as http:
        token = (await http.get("/transactions?pageSize=1")).json()["nextPageToken"]
    outer, inner, _ = token.split("~")
    async with bound(apis.apps["transaction"], "north") as http:
        for forged in (token, f"{outer}~{inner}~N1", f"{outer}~~S1", f"~~{'Z' * 50}", "~~", "0.~~S1"):
            answer = await http.get("/transactions", params={"pageToken": forged})
            assert answer.status_code in (200, 422)
            items = answer.json().get("items", [])
            assert {STATIONS[item["stationId"]] for item in items} <= {"north"}
        assert (await http.get("/transactions?pageToken=x")).status_code == 422


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "", None), ("GET", "/metervalues", None), ("POST", "/end", {"reason": "lost"})],
)
async def test_a_transaction_of_another_group_is_as_one_that_is_not_there(
    apis: Apis, method: str, path: str, body: object
) -> None:
    own, other = document_id("N1", "0"), document_id("S1", "0")
    async with bound(apis.apps["transaction"], "north") as http:
        answers = {
            id: await http.request(method, f"/transactions/{id}{path}", json=body)
            for id in (own, other, "unknown")
        }
    assert answers[own].status_code not in (403, 404)
    assert [answers[id].status_code for id in (other, "unknown")] == [404, 404]
    assert answers[other].text.replace(other, "unknown") == answers["unknown"].text


@pytest.mark.usefixtures("history")
async def test_the_summary_counts_the_stations_of_his_groups(apis: Apis, north: httpx.AsyncClient) -> None:
    own = (await north.get("/summary")).json()
    async with inside(apis.apps["device"], Caller("x", "local", ALL)) as http:
        everything = (await http.get("/summary")).json()

    assert (own["chargingStations"], own["connected"]) == (2, 1)
    assert own["connectors"]["Charging"], own["connectors"]["Offline"] == (1, 1)
    assert sum(own["connectors"].values()) == 2
    assert "deadLetters" not in own
    assert own["connectors"].keys() == everything["connectors"].keys()
    assert (everything["connected"], everything["connectors"]["Offline"]) == (len(STATIONS) - 1, 1)


async def test_what_costs_some_reads_for_each_station_is_for_so_many(
    north: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "MAX_COUNTED_STATIONS", 1)
    answers = [await north.get(path) for path in ("/summary", "/deviations")]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert "more than 1 stations" in answers[0].json()["detail"]


async def test_a_compliance_report_is_of_the_stations_of_his_groups(
    apis: Apis, north: httpx.AsyncClient
) -> None:
    for id in ("N1", "S1"):
        deviation = Deviation(
            rule=f"rule-of-{id}", action="Heartbeat", place="x", example="", repaired=True, count=1,
            last_seen=rfc3339(NOW),
        )  # fmt: skip
        await apis.device.deviations.record(id, "event", [deviation])
    report = (await north.get("/deviations")).text
    of_no_model = (await north.get("/deviations?model=other")).text

    assert "rule-of-N1" in report
    assert "rule-of-S1" not in report
    assert "rule-of-N1" not in of_no_model


@pytest.mark.parametrize(
    ("station", "status"), [("N1", 200), ("S1", 404), ("X1", 404), ("unknown", 404), (None, 403)]
)
async def test_he_asks_whether_a_token_may_charge_at_a_station_of_his_groups(
    apis: Apis, station: str | None, status: int
) -> None:
    """A wrong KeyCode counts against the station, so nobody blocks those of others."""
    body = {"idToken": "12345", "type": "KeyCode"} | ({"stationId": station} if station else {})
    async with bound(apis.apps["user"], "north") as http:
        answer = await http.post("/authorizations", json=body)
    assert answer.status_code == status


async def test_a_transaction_service_in_its_own_process_asks_the_user_service(apis: Apis) -> None:
    groups = HttpStationGroups(inside(apis.apps["user"], SERVICES["transaction"]))
    ids, token = await groups.ids_in_group("north", 1, "")
    more, end = await groups.ids_in_group("north", 1, token)

    assert ([*ids, *more], end) == (["N1", "N2"], "")
    assert [await groups.group_of(id) for id in ("N1", "S1", "X1")] == ["north", "south", None]
    with pytest.raises(UnknownStation):
        await groups.group_of("unknown")
    with pytest.raises(BadPageToken):
        await groups.ids_in_group("north", 1, "x")


async def test_while_nobody_tells_the_groups_he_sees_nothing(apis: Apis) -> None:
    def away(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    transport = httpx.MockTransport(away)
    for asked in (HttpStationGroups, DeviceClient):
        client = asked(httpx.AsyncClient(transport=transport, base_url="http://localhost"))
        app = create_app("Transactions", transaction_api(apis.transaction), load(), stations=client)
        async with bound(app, "north") as http:
            answers = [
                await http.get("/transactions"),
                await http.get(f"/transactions/{document_id('N1', '0')}"),
                await http.get("/chargingstations/N1/messages"),
            ]
        assert [answer.status_code for answer in answers[::2]] == [503, 503]
        assert answers[1].status_code in (404, 503)
        assert answers[0].headers["Retry-After"] == "5"
