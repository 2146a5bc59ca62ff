"""A command to many stations: a result for each, and how far it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from libs.ocpp_messages.event import StationConnected
from libs.ocpp_messages.version import Version
from services.device.registry.model import Station
from services.device.service import Device

from .operator import Operator, operating
from .station import NOW, Csms, StoppedClock, after
from .test_commands import ACCEPTED, RESET
from .test_commands_waiting import reconnects


@pytest.fixture
async def operator(device: Device, clock: StoppedClock) -> AsyncIterator[Operator]:
    """With three stations: two of model M, of which CS2 is away, and CS3 of OCPP 1.6."""
    async with operating(device, clock) as operator:
        for number in (1, 2):
            await operator.connected(id=f"CS{number}")
            station = Station(
                id=f"CS{number}",
                model="M",
                firmware_version=f"1.{number}",
                group={1: "north"}.get(number),
                accepted_at=NOW,
            )
            await device.registry.stations.update(station.id, lambda _, station=station: station)  # type: ignore[misc]
        await operator.away("CS2")
        await operator.connected(Version.V16, id="CS3")
        yield operator


async def to_many(
    operator: Operator, action: str, selection: Any, payload: Any = None, **parameters: Any
) -> str:
    """The path of the batch, after every replica has done what is to be done at once."""
    body = {"selection": selection, "payload": payload or {}}
    answer = await operator.http.post(f"/commands/{action}", json=body, params=parameters)
    assert answer.status_code == 202, answer.text
    assert answer.json()["status"] == "preparing"
    await operator.look_after(1)
    return answer.headers["Location"]


async def results(operator: Operator, path: str) -> dict[str, str]:
    items = (await operator.http.get(f"{path}/commands")).json()["items"]
    return {item["stationId"]: item["status"] for item in items}


async def test_each_station_has_its_result(operator: Operator) -> None:
    path = await to_many(operator, "Reset", {"ids": ["CS1", "CS2", "CS3", "CS4", "CS1"]}, RESET)

    command = await operator.next()
    assert (command.station_id, operator.sent.empty()) == ("CS1", True)
    assert (await operator.http.get(path)).json()["status"] == "running"
    await operator.answer(command, ACCEPTED)

    batch = (await operator.http.get(path)).json()
    assert (batch["status"], batch["total"]) == ("done", 4)
    assert {status: n for status, n in batch["counts"].items() if n} == {"answered": 1, "error": 3}
    assert batch["payload"] == RESET
    items = (await operator.http.get(f"{path}/commands")).json()["items"]
    assert [item.get("error", {}).get("description") for item in items] == [
        None,
        "the charging station is not connected",
        "type: must be one of Hard, Soft",
        "there is no charging station of that id",
    ]
    assert (await operator.http.get(f"{path}/commands?status=answered")).json()["items"][0] == items[0]


@pytest.mark.parametrize(
    ("selection", "stations"),
    [
        ({"model": "M"}, {"CS1", "CS2"}),
        ({"firmwareVersion": "1.2"}, {"CS2"}),
        ({"ids": ["CS1", "CS2", "CS3"], "firmwareVersion": "1.1"}, {"CS1"}),
        ({"model": "unheard of"}, set()),
        ({"group": "north"}, {"CS1"}),
        ({"group": "north", "model": "M", "ids": ["CS1", "CS2"]}, {"CS1"}),
        ({"group": "North"}, set()),
    ],
)
async def test_stations_are_selected_by_all_given_conditions(
    operator: Operator, selection: Any, stations: set[str]
) -> None:
    path = await to_many(operator, "ClearCache", selection)

    assert set(await results(operator, path)) == stations


async def test_stations_that_are_not_connected_get_a_batch_command_later_if_it_may_wait(
    operator: Operator, csms: Csms
) -> None:
    path = await to_many(operator, "ClearCache", {"model": "M"}, deliver="when-online", ttl=600)
    await operator.answer(await operator.next(), ACCEPTED)
    assert await results(operator, path) == {"CS1": "answered", "CS2": "queued"}

    await operator.connected(id="CS2", connection_id="5")
    await csms.event(StationConnected(), station_id="CS2", connection_id="6", at=after(10))
    await operator.look_after(20)

    await operator.answer(await operator.next(), ACCEPTED)
    assert (await operator.http.get(path)).json()["status"] == "done"


async def test_a_batch_that_is_prepared_twice_sends_one_command_to_each_station(
    operator: Operator, device: Device
) -> None:
    path = await to_many(operator, "ClearCache", {"ids": ["CS1", "CS3"]})
    id = path.rpartition("/")[2]
    await device.commands.batches.update(id, lambda batch: batch.model_copy(update={"status": "preparing"}))  # type: ignore[union-attr]

    await operator.look_after(2)

    assert {(await operator.next()).station_id for _ in range(2)} == {"CS1", "CS3"}
    assert operator.sent.empty()
    assert (await operator.http.get(path)).json()["total"] == 2


@pytest.mark.parametrize(
    ("action", "selection", "payload", "status"),
    [
        ("Nonsense", {"model": "M"}, {}, 404),
        ("Heartbeat", {"model": "M"}, {}, 404),
        ("ClearCache", {}, {}, 422),
        ("ClearCache", {"ids": []}, {}, 422),
        ("ClearCache", {"colour": "red"}, {}, 422),
        ("ClearCache", {"group": ""}, {}, 422),
        ("Reset", {"model": "M"}, {"type": "Perhaps"}, 422),
        ("UnlockConnector", {"model": "M"}, {"connectorId": 1}, 422),
        ("ChangeConfiguration", {"model": "M"}, {"key": "AuthorizationKey", "value": "0" * 40}, 422),
    ],
)
async def test_commands_that_cannot_be_sent_as_a_batch(
    operator: Operator, action: str, selection: Any, payload: Any, status: int
) -> None:
    body = {"selection": selection, "payload": payload}

    answer = await operator.http.post(f"/commands/{action}", json=body)

    assert answer.status_code == status, answer.text
    assert (await operator.http.get("/commands/batches/none")).status_code == 404


@pytest.mark.parametrize(
    "payload", [b'{"x": "\\ud800"}', b'{"x": 123456789012345678901234567890}', b'{"x": [NaN]}', b"{"]
)
async def test_a_batch_payload_that_is_no_portable_json_is_refused(
    operator: Operator, payload: bytes
) -> None:
    body = b'{"selection": {"model": "M"}, "payload": ' + payload + b"}"

    answer = await operator.http.post(
        "/commands/ClearCache", content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code in (400, 422), answer.text


async def test_waiting_commands_of_a_deleted_station_are_withdrawn(
    operator: Operator, csms: Csms, device: Device
) -> None:
    await operator.away("CS1")
    queued = await operator.post("ClearCache", deliver="when-online")
    await device.registry.delete("CS1")
    await operator.connected(connection_id="2")

    await reconnects(operator, csms, 10)
    await operator.look_after(20)

    assert operator.sent.empty()
    assert (await operator.command(queued.json()["id"]))["status"] == "expired"
