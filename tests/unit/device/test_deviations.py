from __future__ import annotations

from itertools import permutations
from typing import Any

import httpx
import pytest

from libs.csms.clock import rfc3339
from libs.csms.storage.store import Query
from libs.ocpp_messages.event import Deviation, StationDeviated
from services.device.deviations.model import FURTHER
from services.device.deviations.service import MAX_DEVIATIONS
from services.device.registry.model import Station
from services.device.service import Device

from .replicas import replica_of
from .station import Csms, after
from .test_device_model import listed

WALLBOX = Station(id="CS1", vendor_name="Acme", model="Box", firmware_version="1.0")


@pytest.fixture(autouse=True)
async def wallbox(device: Device) -> Station:
    return await device.registry.stations.update("CS1", lambda _: WALLBOX)


def deviation(seconds: float = 0, **fields: Any) -> Deviation:
    known = {
        "rule": "timestampFormat",
        "action": "MeterValues",
        "place": "meterValue.*.timestamp",
        "example": "2026-11-20T12:00:00",
        "repaired": True,
        "count": 1,
        "last_seen": rfc3339(after(seconds)),
    }
    return Deviation(**(known | fields))


async def report(csms: Csms, message_id: str, *deviations: Deviation, station_id: str = "CS1") -> None:
    event = StationDeviated(deviations=list(deviations))
    await csms.event(event, message_id=message_id, station_id=station_id)


async def test_a_deviation_of_a_station_can_be_read(csms: Csms, client: httpx.AsyncClient) -> None:
    await report(csms, "e1", deviation())
    await report(csms, "e2", deviation(60, count=5, example="2026-11-20T12:01:00"))

    assert await listed(client, "deviations") == [
        {
            "stationId": "CS1",
            "rule": "timestampFormat",
            "action": "MeterValues",
            "place": "meterValue.*.timestamp",
            "example": "2026-11-20T12:01:00",
            "repaired": True,
            "count": 6,
            "firstSeen": "2026-11-20T12:00:00.000Z",
            "lastSeen": "2026-11-20T12:01:00.000Z",
            "vendor": "Acme",
            "model": "Box",
            "firmwareVersion": "1.0",
        }
    ]


async def test_events_may_come_twice_and_in_any_order(csms: Csms, client: httpx.AsyncClient) -> None:
    events = [deviation(0, place="a"), deviation(60, count=5, place="a"), deviation(120, count=2, place="a")]
    for number, order in enumerate(permutations(range(3))):
        for index in [*order, *order]:
            known = events[index]
            await report(
                csms, f"{number}.{index}", deviation(60 * index, count=known.count, place=f"p{number}")
            )

    found = await listed(client, "deviations")
    assert len(found) == 6
    assert {(one["count"], one["firstSeen"][14:19], one["lastSeen"][14:19]) for one in found} == {
        (8, "00:00", "02:00")
    }


async def test_an_event_that_was_stored_in_part_is_completed(
    csms: Csms, device: Device, client: httpx.AsyncClient
) -> None:
    both = [deviation(place="a"), deviation(place="b")]
    await report(csms, "e1", *both)
    [_, second] = (await device.deviations.documents.find(Query({"stationId": "CS1"}))).items
    await device.deviations.documents.delete(second.key)

    await report(csms, "e1", *both)

    found = await listed(client, "deviations")
    assert {(one["place"], one["count"]) for one in found} == {("a", 1), ("b", 1)}


async def test_an_event_that_two_processes_handle_counts_once(
    csms: Csms, device: Device, clock: Any, client: httpx.AsyncClient
) -> None:
    await report(csms, "e1", deviation(count=3))
    await report(Csms(replica_of(device), clock), "e1", deviation(count=3))

    assert [one["count"] for one in await listed(client, "deviations")] == [3]


async def test_the_latest_comes_first_and_filters_select(csms: Csms, client: httpx.AsyncClient) -> None:
    await report(
        csms,
        "e1",
        deviation(0),
        deviation(20, rule="FormationViolation", action="StopTransaction", place="meterStop", repaired=False),
        deviation(10, rule="null", action="StatusNotification", place="info"),
    )

    async def places(**params: Any) -> list[str]:
        return [one["place"] for one in await listed(client, "deviations", **params)]

    assert await places() == ["meterStop", "info", "meterValue.*.timestamp"]
    assert await places(repaired=False) == ["meterStop"]
    assert await places(repaired=True) == ["info", "meterValue.*.timestamp"]
    assert await places(rule="null") == ["info"]
    assert await places(action="MeterValues", repaired=True) == ["meterValue.*.timestamp"]
    first = (await client.get("/chargingstations/CS1/deviations?pageSize=2")).json()
    rest = await listed(client, "deviations", pageSize=2, pageToken=first["nextPageToken"])
    assert [one["place"] for one in first["items"] + rest] == await places()


async def test_new_firmware_begins_new_counts(csms: Csms, device: Device, client: httpx.AsyncClient) -> None:
    await report(csms, "e1", deviation())
    newer = WALLBOX.changed(firmware_version="1.1")
    await device.registry.stations.update("CS1", lambda _: newer)
    await report(csms, "e2", deviation(60, count=2))

    found = await listed(client, "deviations")
    assert [(one["firmwareVersion"], one["count"]) for one in found] == [("1.1", 2), ("1.0", 1)]


async def test_what_was_repaired_and_what_was_refused_count_apart(
    csms: Csms, client: httpx.AsyncClient
) -> None:
    await report(csms, "e1", deviation(count=2), deviation(count=3, repaired=False))

    found = await listed(client, "deviations")
    assert {(one["repaired"], one["count"]) for one in found} == {(True, 2), (False, 3)}


async def test_a_station_cannot_fill_the_store(csms: Csms, device: Device, client: httpx.AsyncClient) -> None:
    names = [
        deviation(number, rule="unknownField", place=f"x{number}") for number in range(MAX_DEVIATIONS + 7)
    ]
    await report(csms, "e1", *names[:200])
    await report(csms, "e2", *names[200:])
    await report(csms, "e2", *names[200:])
    await report(csms, "e3", deviation(place="y" * 10_000, example="z" * 10_000, count=5), names[0])

    assert await device.deviations.documents.count({"stationId": "CS1"}) == MAX_DEVIATIONS + 1
    [further] = await listed(client, "deviations", rule=FURTHER)
    assert further["count"] == 7 + 5
    [known] = [one for one in await listed(client, "deviations", pageSize=1000) if one["place"] == "x0"]
    assert known["count"] == 2

    for version in "23":
        newer = WALLBOX.changed(firmware_version=version)
        await device.registry.stations.update("CS1", lambda _, newer=newer: newer)
        await report(csms, f"f{version}", deviation(1_000))
    [further] = await listed(client, "deviations", rule=FURTHER)
    assert (further["count"], further["firmwareVersion"]) == (7 + 5 + 2, "3")
    assert await device.deviations.documents.count({"stationId": "CS1"}) == MAX_DEVIATIONS + 1


async def test_texts_are_cut_and_hold_no_password(csms: Csms, client: httpx.AsyncClient) -> None:
    await report(
        csms,
        "e1",
        deviation(place="y" * 300, example="ftp://me:pass@host/" + "z" * 600),
        deviation(place="a/b:%"),
    )

    cut, other = sorted(await listed(client, "deviations"), key=lambda one: -len(one["place"]))
    assert (len(cut["place"]), len(cut["example"])) == (255, 500)
    assert cut["example"].startswith("ftp://me:***@host/z")
    assert other["place"] == "a/b:%"


async def test_deviations_can_be_forgotten(csms: Csms, client: httpx.AsyncClient) -> None:
    await report(csms, "e1", deviation(), deviation(place="other"))

    assert (await client.delete("/chargingstations/CS1/deviations")).status_code == 204
    assert await listed(client, "deviations") == []
    assert (await client.delete("/chargingstations/CS1/deviations")).status_code == 204
    assert (await client.delete("/chargingstations/CS9/deviations")).status_code == 404
    assert (await client.get("/chargingstations/CS9/deviations")).status_code == 404


async def test_the_deviations_of_a_deleted_station_go_and_late_events_leave_nothing(
    csms: Csms, device: Device, client: httpx.AsyncClient
) -> None:
    await report(csms, "e1", deviation())
    await client.delete("/chargingstations/CS1")
    await report(csms, "e2", deviation())

    assert await device.deviations.documents.count({}) == 0
