"""The commands of the whole fleet, and those to many stations, as lists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.device.commands.batch import Batch, Selection
from services.device.commands.model import Command, Requester

from .operator import Operator
from .station import NOW

ANNA = Requester(id="anna", kind="person")
ROBOT = Requester(id="k1", kind="key")

COMMANDS = [
    ("c0", "CS1", "Reset", "answered", ANNA, None),
    ("c1", "CS2", "Reset", "timeout", ROBOT, "b1"),
    ("c2", "CS1", "ClearCache", "queued", ROBOT, "b1"),
    ("c3", "CS3", "Reset", "answered", None, None),
]


@pytest.fixture
async def fleet(operator: Operator) -> Operator:
    for minute, (id, station_id, action, status, requester, batch_id) in enumerate(COMMANDS):
        fields: dict[str, Any] = {"status": status, "requested_by": requester, "batch_id": batch_id}
        command = Command(
            id=id,
            station_id=station_id,
            action=action,
            ocpp_version="ocpp1.6",
            payload="{}",
            created_at=NOW + timedelta(minutes=minute),
            **fields,
        )
        await operator.device.commands.commands.put(id, command)
    return operator


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["c3", "c2", "c1", "c0"]),
        ("status=answered", ["c3", "c0"]),
        ("action=Reset", ["c3", "c1", "c0"]),
        ("action=Reset&status=timeout", ["c1"]),
        ("stationId=CS1", ["c2", "c0"]),
        ("stationId=CS1&requestedBy=k1", ["c2"]),
        ("requestedBy=anna", ["c0"]),
        ("requestedBy=k1&batchId=b1&status=queued&action=ClearCache&stationId=CS1", ["c2"]),
        ("batchId=b1", ["c2", "c1"]),
        ("batchId=b2", []),
        ("from=2026-11-20T12:01:00Z&to=2026-11-20T12:03:00Z", ["c2", "c1"]),
        ("status=answered&to=2026-11-20T12:03:00Z", ["c0"]),
    ],
)
async def test_commands_of_the_fleet_are_found_newest_first(
    fleet: Operator, query: str, ids: list[str]
) -> None:
    page = (await fleet.http.get(f"/commands?{query}")).json()
    assert [command["id"] for command in page["items"]] == ids


async def test_a_command_in_the_list_is_as_it_is_by_itself(fleet: Operator) -> None:
    [command] = (await fleet.http.get("/commands?requestedBy=anna")).json()["items"]
    assert command == await fleet.command("c0")
    assert command["requestedBy"] == {"id": "anna", "kind": "person"}


async def test_commands_of_the_fleet_are_read_page_by_page(fleet: Operator) -> None:
    first = (await fleet.http.get("/commands?action=Reset&pageSize=2")).json()
    second = await fleet.http.get(f"/commands?action=Reset&pageSize=2&pageToken={first['nextPageToken']}")
    other = await fleet.http.get(f"/commands?status=answered&pageToken={first['nextPageToken']}")

    assert [command["id"] for command in first["items"]] == ["c3", "c1"]
    assert [command["id"] for command in second.json()["items"]] == ["c0"]
    assert "nextPageToken" not in second.json()
    assert other.status_code == 422
    assert (await fleet.http.get("/commands?status=lost")).status_code == 422


async def test_commands_to_many_are_listed_newest_first_with_their_counts(fleet: Operator) -> None:
    for hour, id in enumerate(("b2", "b1", "b0")):
        batch = Batch(
            id=id,
            action="Reset",
            payload='{"type": "Soft"}',
            selection=Selection(group="north"),
            waits=False,
            status="running",
            created_at=NOW + timedelta(hours=hour),
            expires_at=NOW + timedelta(hours=hour + 1),
            requested_by=ANNA,
        )
        await fleet.device.commands.batches.put(id, batch)

    page = (await fleet.http.get("/commands/batches?pageSize=2")).json()
    rest = (await fleet.http.get(f"/commands/batches?pageSize=2&pageToken={page['nextPageToken']}")).json()

    assert [batch["id"] for batch in (*page["items"], *rest["items"])] == ["b0", "b1", "b2"]
    b1 = page["items"][1]
    assert b1 == (await fleet.http.get("/commands/batches/b1")).json()
    assert (b1["status"], b1["total"]) == ("running", 2)
    assert {status: count for status, count in b1["counts"].items() if count} == {"queued": 1, "timeout": 1}
    assert [batch["status"] for batch in (page["items"][0], *rest["items"])] == ["done", "done"]
    assert (await fleet.http.get("/commands/batches?pageSize=101")).status_code == 422
