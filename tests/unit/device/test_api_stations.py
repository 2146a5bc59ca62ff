from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from libs.ocpp_messages.event import StationConnected, StationDisconnected
from services.device.registry.model import Station
from services.device.service import Device

from .station import NOW, Csms, after
from .test_boot_notification import BOOT
from .test_status_notification import status

OLDER_PAYLOAD: dict[str, Any] = {
    "id": "CS123",
    "serialNumber": "5",
    "model": "CS-5500",
    "vendorName": "ChargerMaker Inc.",
    "firmwareVersion": "1.8",
    "modem": {"iccid": "24", "imsi": "24"},
    "location": {"lat": 41.366446, "lng": -38.1854651},
}
OURS = {"registrationStatus": "Accepted"}
DECIDED = {"decidedAt": "2026-11-20T12:00:00.000Z"}
"""After a change of the registration status."""
PROBLEM = "application/problem+json"


def _at(id: str) -> str:
    return "/chargingstations/" + quote(id, safe="").replace(".", "%2E")


@pytest.mark.parametrize("path", ["/chargingstations", "/chargingstations/create"])
async def test_a_station_is_created_with_the_payload_of_earlier_systems(
    client: httpx.AsyncClient, path: str
) -> None:
    created = await client.post(path, json=OLDER_PAYLOAD)

    assert (created.status_code, created.json()) == (201, OLDER_PAYLOAD | OURS)
    assert (await client.get("/chargingstations/CS123")).json() == OLDER_PAYLOAD | OURS
    assert (await client.get("/chargingstations/station/CS123")).json() == OLDER_PAYLOAD | OURS


@pytest.mark.parametrize("path", ["/chargingstations", "/chargingstations/create"])
async def test_an_existing_station_is_not_overwritten(client: httpx.AsyncClient, path: str) -> None:
    await client.post(path, json=OLDER_PAYLOAD)

    again = await client.post(path, json={"id": "CS123", "model": "other"})

    assert (again.status_code, again.headers["content-type"]) == (409, PROBLEM)
    assert (await client.get("/chargingstations/CS123")).json()["model"] == "CS-5500"


async def test_an_id_is_enough_to_begin_with(client: httpx.AsyncClient) -> None:
    created = await client.post("/chargingstations", json={"id": "CS9"})

    assert (created.status_code, created.json()) == (201, {"id": "CS9"} | OURS)
    assert created.headers["location"] == "/chargingstations/CS9"


@pytest.mark.parametrize("id", ["...", "über uns", "x" * 48, "status", "*-_=+|@.", "😀", "a&b;c"])
async def test_any_id_that_a_station_may_have_works_in_every_path(client: httpx.AsyncClient, id: str) -> None:
    path = _at(id)
    created = await client.post("/chargingstations", json={"id": id})
    made = await client.post(f"{path}/credentials")
    read = await client.get(path)
    patched = await client.patch(path, json={"model": "M"})
    state = await client.get(f"{path}/status")
    seeds = await client.get(f"/chargingstations/station/{quote(id, safe='').replace('.', '%2E')}")
    gone = await client.delete(path)

    codes = [answer.status_code for answer in (created, made, read, patched, state, seeds, gone)]
    assert codes == [201, 201, 200, 200, 200, 200, 204]
    assert read.json()["id"] == seeds.json()["id"] == state.json()["id"] == id


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"id": None},
        {"id": ""},
        {"id": 5},
        {"id": "x" * 49},
        {"id": "a:b"},
        {"id": "a\nb"},
        {"id": "a\u0085b"},
        {"id": "X", "colour": "red"},
        {"id": "X", "modem": {"number": "1"}},
        {"id": "X", "model": 5},
        {"id": "X", "model": "x" * 256},
        {"id": "X", "location": {"lat": 90.1}},
        {"id": "X", "location": {"lat": "41"}},
        {"id": "X", "location": {"lat": True}},
        {"id": "X", "location": {"lng": -181}},
        {"id": "X", "registrationStatus": "Maybe"},
        {"id": "X", "heartbeatInterval": 0},
        {"id": "X", "heartbeatInterval": 1.5},
        [],
        "X",
        None,
    ],
)
async def test_an_invalid_station_is_refused(client: httpx.AsyncClient, device: Device, body: object) -> None:
    for path in ("/chargingstations", "/chargingstations/create"):
        refused = await client.post(path, json=body)

        assert (refused.status_code, refused.headers["content-type"]) == (422, PROBLEM)
    assert await device.registry.stations.count({}) == 0


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"id": "\\ud800"}', b'{"location": {"lat": NaN}}'])
async def test_what_is_not_json_is_refused(client: httpx.AsyncClient, content: bytes) -> None:
    refused = await client.post(
        "/chargingstations/create", content=content, headers={"content-type": "application/json"}
    )

    assert refused.status_code in (400, 422)
    assert refused.headers["content-type"] == PROBLEM


async def test_zero_is_a_valid_latitude_and_longitude(client: httpx.AsyncClient) -> None:
    await client.post("/chargingstations", json={"id": "buoy", "location": {"lat": 0, "lng": 0}})

    assert (await client.get("/chargingstations/buoy")).json()["location"] == {"lat": 0, "lng": 0}


UNKNOWN = [
    ("GET", "/chargingstations/nobody"),
    ("PUT", "/chargingstations/nobody"),
    ("PATCH", "/chargingstations/nobody"),
    ("DELETE", "/chargingstations/nobody"),
    ("GET", "/chargingstations/nobody/status"),
    ("GET", "/chargingstations/station/nobody"),
    ("POST", "/chargingstations/update/nobody"),
    ("POST", "/chargingstations/delete/nobody"),
]


@pytest.mark.parametrize(("method", "path"), UNKNOWN)
async def test_an_unknown_station_is_not_found(
    client: httpx.AsyncClient, device: Device, method: str, path: str
) -> None:
    body = {"model": "M"} if method != "GET" else None

    answer = await client.request(method, path, json=body)

    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
    assert await device.registry.stations.count({}) == 0


async def test_put_replaces_what_the_operator_has_set(client: httpx.AsyncClient) -> None:
    await client.post("/chargingstations", json=OLDER_PAYLOAD | {"registrationStatus": "Rejected"})

    replaced = await client.put("/chargingstations/CS123", json={"model": "M"})

    assert (replaced.status_code, replaced.json()) == (200, {"id": "CS123", "model": "M"} | OURS | DECIDED)


async def test_the_older_update_path_keeps_fields_that_it_does_not_know(client: httpx.AsyncClient) -> None:
    decided = {"registrationStatus": "Rejected", "heartbeatInterval": 60}
    await client.post("/chargingstations", json=OLDER_PAYLOAD | decided)

    changed = {key: value for key, value in OLDER_PAYLOAD.items() if key != "modem"} | {
        "firmwareVersion": "1.9"
    }
    updated = await client.post("/chargingstations/update/CS123", json=changed)

    assert (updated.status_code, updated.json()) == (200, changed | decided)


async def test_patch_merges_and_null_removes(client: httpx.AsyncClient) -> None:
    await client.post("/chargingstations", json=OLDER_PAYLOAD | {"registrationStatus": "Rejected"})

    patch = {
        "model": "M",
        "firmwareVersion": None,
        "modem": {"imsi": None},
        "location": {"lat": 0},
        "registrationStatus": None,
    }
    patched = await client.patch("/chargingstations/CS123", json=patch)

    assert patched.status_code == 200
    assert patched.json() == {
        "id": "CS123",
        "serialNumber": "5",
        "model": "M",
        "vendorName": "ChargerMaker Inc.",
        "modem": {"iccid": "24"},
        "location": {"lat": 0, "lng": -38.1854651},
        "registrationStatus": "Accepted",
        **DECIDED,
    }


async def test_a_station_can_be_sent_back_as_it_was_read(
    csms: Csms, client: httpx.AsyncClient, registered: Station
) -> None:
    await csms.call("BootNotification", BOOT)
    read = (await client.get("/chargingstations/CS1")).json()
    forged = read | {"lastBoot": "1999-01-01T00:00:00Z", "acceptedAt": "x", "bootReason": "Unknown"}

    answers = [
        await client.put("/chargingstations/CS1", json=read),
        await client.patch("/chargingstations/CS1", json=forged),
        await client.post("/chargingstations/update/CS1", json=forged),
    ]

    assert read["lastBoot"] == read["acceptedAt"] == "2026-11-20T12:00:00.000Z"
    assert [answer.json() for answer in answers] == [read, read, read]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/chargingstations/CS123"),
        ("PATCH", "/chargingstations/CS123"),
        ("POST", "/chargingstations/update/CS123"),
    ],
)
async def test_a_station_does_not_change_its_id(client: httpx.AsyncClient, method: str, path: str) -> None:
    await client.post("/chargingstations", json=OLDER_PAYLOAD)

    other = await client.request(method, path, json=OLDER_PAYLOAD | {"id": "CS124"})
    same = await client.request(method, path, json=OLDER_PAYLOAD)

    assert (other.status_code, same.status_code) == (422, 200)
    assert (await client.get("/chargingstations/CS124")).status_code == 404


async def test_a_refused_change_changes_nothing(client: httpx.AsyncClient) -> None:
    await client.post("/chargingstations", json=OLDER_PAYLOAD)

    for method in ("PUT", "PATCH"):
        refused = await client.request(method, "/chargingstations/CS123", json={"location": {"lat": 99}})
        assert refused.status_code == 422
    assert (await client.get("/chargingstations/CS123")).json() == OLDER_PAYLOAD | OURS


@pytest.mark.parametrize(("method", "path", "code"), [("DELETE", "/", 204), ("POST", "/delete/", 200)])
async def test_a_deleted_station_is_gone_with_all_that_belonged_to_it(
    csms: Csms,
    device: Device,
    client: httpx.AsyncClient,
    registered: Station,
    method: str,
    path: str,
    code: int,
) -> None:
    await client.post("/chargingstations/CS1/credentials")
    await csms.event(StationConnected())
    await csms.call("StatusNotification", status("Available"))
    await csms.event(StationDisconnected(code=1000), at=after(1))

    deleted = await client.request(method, f"/chargingstations{path}CS1")
    again = await client.request(method, f"/chargingstations{path}CS1")

    assert (deleted.status_code, again.status_code) == (code, 404)
    collections = (
        device.registry.stations,
        device.security.stations,
        device.connectivity.connectors,
        device.connectivity.connections,
    )
    assert [await collection.count({}) for collection in collections] == [0, 0, 0, 0]


async def test_the_connection_of_a_deleted_station_is_known_until_it_ends(
    csms: Csms, device: Device, client: httpx.AsyncClient, registered: Station
) -> None:
    await csms.event(StationConnected(), at=NOW)

    await client.delete("/chargingstations/CS1")

    assert await device.connectivity.connections.count({"connected": True}) == 1


async def test_the_list_is_read_in_pages(client: httpx.AsyncClient) -> None:
    ids = [f"CS{number}" for number in range(5)]
    for id in reversed(ids):
        await client.post("/chargingstations", json={"id": id})

    first = (await client.get("/chargingstations", params={"pageSize": 3})).json()
    token = first.pop("nextPageToken")
    rest = (await client.get("/chargingstations", params={"pageSize": 3, "pageToken": token})).json()

    assert [station["id"] for station in first["items"]] == ids[:3]
    assert (list(rest), [station["id"] for station in rest["items"]]) == (["items"], ids[3:])


@pytest.mark.parametrize("query", ["pageSize=0", "pageSize=1001", "pageSize=x", "pageToken=x"])
async def test_an_impossible_page_is_refused(client: httpx.AsyncClient, query: str) -> None:
    refused = await client.get(f"/chargingstations?{query}")

    assert (refused.status_code, refused.headers["content-type"]) == (422, PROBLEM)


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_the_older_list_is_a_bare_array(client: httpx.AsyncClient, count: int) -> None:
    for number in range(count):
        await client.post("/chargingstations", json=OLDER_PAYLOAD | {"id": f"CS{number}"})

    listed = await client.get("/chargingstations/list")

    assert listed.headers["content-type"] == "application/json"
    assert listed.json() == [OLDER_PAYLOAD | OURS | {"id": f"CS{number}"} for number in range(count)]


async def test_the_older_list_is_complete_beyond_one_page(client: httpx.AsyncClient, device: Device) -> None:
    async def store(number: int) -> None:
        await device.registry.stations.update(f"CS{number}", lambda _: Station(id=f"CS{number}"))

    async with asyncio.TaskGroup() as tasks:
        for number in range(1_001):
            tasks.create_task(store(number))

    assert len((await client.get("/chargingstations/list")).json()) == 1_001


async def test_the_documentation_can_be_read(client: httpx.AsyncClient) -> None:
    described = await client.get("/openapi.json")

    paths = described.json()["paths"]
    assert {"/chargingstations/{id}", "/chargingstations/list", "/summary"} <= set(paths)


async def test_stations_of_a_group(client: httpx.AsyncClient) -> None:
    for id, group in [("A", "north"), ("B", "south"), ("C", "north"), ("D", None)]:
        created = await client.post("/chargingstations", json={"id": id, "group": group})
        assert created.json().get("group") == group

    first = (await client.get("/chargingstations?group=north&pageSize=1")).json()
    second = await client.get(
        "/chargingstations", params={"group": "north", "pageSize": 1, "pageToken": first["nextPageToken"]}
    )

    assert [item["id"] for item in first["items"] + second.json()["items"]] == ["A", "C"]
    assert (await client.get("/chargingstations?group=west")).json() == {"items": []}


async def test_a_group_is_changed_kept_and_removed(client: httpx.AsyncClient) -> None:
    await client.post("/chargingstations", json={"id": "A", "group": "north"})

    patched = await client.patch("/chargingstations/A", json={"model": "M"})
    updated = await client.post("/chargingstations/update/A", json={"model": "N"})
    moved = await client.patch("/chargingstations/A", json={"group": "south"})
    left = await client.put("/chargingstations/A", json={"model": "N"})

    assert [answer.json().get("group") for answer in (patched, updated, moved, left)] == [
        "north",
        "north",
        "south",
        None,
    ]
    assert (await client.patch("/chargingstations/A", json={"group": ""})).status_code == 422
