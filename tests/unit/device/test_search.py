"""What the list of stations finds, by text and by filters."""

from __future__ import annotations

import httpx
import pytest

from libs.ocpp_messages.event import StationConnected, StationDisconnected
from services.device.registry.model import Station
from services.device.registry.search import MAX_KEY, search_keys
from services.device.registry.service import MAX_READS
from services.device.service import Device

from .station import Csms, after

STATIONS = [
    Station(id="CS-000123", vendor_name="Acme", model="Wallbox 22kW", group="Munich depot"),
    Station(id="CS-000124", vendor_name="Acme", model="Wallbox 11kW", firmware_version="2.0"),
    Station(id="XB_7", vendor_name="Säntis AG", serial_number="SN00123x", registration_status="Pending"),
    Station(id="ÄB%", vendor_name='"Quoted" \\ Ltd', group="north"),
]


@pytest.fixture
async def stations(device: Device) -> None:
    for station in STATIONS:
        await device.registry.stations.put(station.id, station)


async def found(client: httpx.AsyncClient, **query: str | int) -> list[str]:
    answer = await client.get("/chargingstations", params=query)
    assert answer.status_code == 200, answer.text
    return [station["id"] for station in answer.json()["items"]]


@pytest.mark.parametrize(
    ("q", "ids"),
    [
        ("c", ["CS-000123", "CS-000124"]),
        ("cs-000123", ["CS-000123"]),
        ("CS-000123", ["CS-000123"]),
        ("000124", ["CS-000124"]),
        ("124", ["CS-000124"]),
        ("12", ["CS-000123", "CS-000124", "XB_7"]),
        ("sn00123X", ["XB_7"]),
        ("7", ["XB_7"]),
        ("acme", ["CS-000123", "CS-000124"]),
        ("wallbox 22", ["CS-000123"]),
        ("  WALLBOX   22kw ", ["CS-000123"]),
        ("kw", ["CS-000123", "CS-000124"]),
        ("depot", ["CS-000123"]),
        ("ag", ["XB_7"]),
        ("säntis", ["XB_7"]),
        ("äb%", ["ÄB%"]),
        ('"quoted" \\', ["ÄB%"]),
        ("ltd", ["ÄB%"]),
        ("epot", []),
        ("%", []),
        ("cs-000123x", []),
        ("' OR 1=1", []),
    ],
)
async def test_stations_are_found_by_the_beginning_of_a_word(
    client: httpx.AsyncClient, stations: None, q: str, ids: list[str]
) -> None:
    assert await found(client, q=q) == ids


async def test_a_search_for_nothing_finds_all(client: httpx.AsyncClient, stations: None) -> None:
    assert await found(client, q=" ") == await found(client) == [station.id for station in STATIONS]


async def test_every_beginning_of_the_longest_id_finds_it(client: httpx.AsyncClient, device: Device) -> None:
    id = "A1b2C3d4E5f6A7b8C9d0" + "x" * (MAX_KEY - 20)
    assert (await client.post("/chargingstations", json={"id": id})).status_code == 201
    for end in range(1, MAX_KEY + 1):
        assert await found(client, q=id[:end]) == [id]
    assert (await client.get("/chargingstations", params={"q": "x" * (MAX_KEY + 1)})).status_code == 422


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"registrationStatus": "Pending"}, ["XB_7"]),
        ({"vendorName": "Acme"}, ["CS-000123", "CS-000124"]),
        ({"vendorName": "acme"}, []),
        ({"model": "Wallbox 11kW"}, ["CS-000124"]),
        ({"firmwareVersion": "2.0", "vendorName": "Acme"}, ["CS-000124"]),
        ({"group": "north", "registrationStatus": "Accepted"}, ["ÄB%"]),
        ({"q": "acme", "group": "Munich depot"}, ["CS-000123"]),
        ({"q": "12", "registrationStatus": "Pending"}, ["XB_7"]),
        ({"q": "12", "registrationStatus": "Rejected"}, []),
        ({"q": "w", "model": "Wallbox 11kW", "firmwareVersion": "2.0", "vendorName": "Acme"}, ["CS-000124"]),
    ],
)
async def test_the_list_shows_what_matches_every_filter(
    client: httpx.AsyncClient, stations: None, query: dict[str, str], ids: list[str]
) -> None:
    assert await found(client, **query) == ids


async def test_a_station_is_found_by_what_it_is_called_now(client: httpx.AsyncClient, stations: None) -> None:
    assert (await client.patch("/chargingstations/XB_7", json={"group": "harbour"})).status_code == 200

    assert await found(client, q="harb") == ["XB_7"]
    assert (await client.delete("/chargingstations/XB_7")).status_code == 204
    assert await found(client, q="harb") == []


async def test_pages_of_a_search_have_every_station_once(client: httpx.AsyncClient, device: Device) -> None:
    """Also where a filter leaves few of those that the search finds, so that a page is short."""
    count = 3 * MAX_READS
    for number in range(count):
        station = Station(id=f"CS{number:03}", group="last" if number == count - 1 else "others")
        await device.registry.stations.put(station.id, station)
    ids: list[str] = []
    token, pages = "", 0
    while token or not pages:
        query = {"q": "cs", "group": "last", "pageSize": 1, "pageToken": token}
        page = (await client.get("/chargingstations", params=query)).json()
        ids += [station["id"] for station in page["items"]]
        token, pages = page.get("nextPageToken", ""), pages + 1

    assert ids == [f"CS{count - 1:03}"]
    assert pages == 3


async def test_a_page_of_a_search_is_as_long_as_was_asked(client: httpx.AsyncClient, device: Device) -> None:
    for number in range(7):
        station = Station(id=f"CS{number}", group="few" if number % 3 == 2 else "most")
        await device.registry.stations.put(station.id, station)

    page = (await client.get("/chargingstations?q=cs&group=most&pageSize=3")).json()
    rest = await found(client, q="cs", group="most", pageSize=3, pageToken=page["nextPageToken"])

    assert [station["id"] for station in page["items"]] == ["CS0", "CS1", "CS3"]
    assert rest == ["CS4", "CS6"]


async def test_the_list_tells_whether_stations_are_connected_when_it_is_asked(
    csms: Csms, client: httpx.AsyncClient, stations: None
) -> None:
    await csms.event(StationConnected(), station_id="CS-000123")
    await csms.event(StationConnected(), station_id="CS-000124")
    await csms.event(StationDisconnected(code=1000), station_id="CS-000124", at=after(9))

    told = (await client.get("/chargingstations?with=connection")).json()["items"]
    plain = (await client.get("/chargingstations")).json()["items"]

    fields = ("id", "connected", "ocppVersion", "disconnectedAt", "lastSeen")
    assert [{name: one[name] for name in fields if name in one} for one in told] == [
        {
            "id": "CS-000123",
            "connected": True,
            "ocppVersion": "ocpp2.0.1",
            "lastSeen": "2026-11-20T12:00:00.000Z",
        },
        {
            "id": "CS-000124",
            "connected": False,
            "ocppVersion": "ocpp2.0.1",
            "disconnectedAt": "2026-11-20T12:00:09.000Z",
            "lastSeen": "2026-11-20T12:00:09.000Z",
        },
        {"id": "XB_7", "connected": False},
        {"id": "ÄB%", "connected": False},
    ]
    assert [{name: one[name] for name in one if name not in fields[1:]} for one in told] == plain
    assert not any(set(one) & set(fields[1:]) for one in plain)
    assert (await client.get("/chargingstations?with=everything")).status_code == 422


async def test_nothing_shows_the_keys_of_a_station(client: httpx.AsyncClient, stations: None) -> None:
    for path in ("", "/list", "/XB_7", "/station/XB_7"):
        assert "searchKeys" not in (await client.get(f"/chargingstations{path}")).text
    changed = await client.patch("/chargingstations/XB_7", json={"model": "Box"})
    assert "searchKeys" not in changed.text


def test_a_hostile_name_has_a_bounded_number_of_keys() -> None:
    assert len(search_keys(*["a1" * 200] * 5)) <= 5 * 14 * MAX_KEY
