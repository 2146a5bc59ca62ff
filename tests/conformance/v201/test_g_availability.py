"""G Availability: EVSEs, stations and connectors are taken out of service and back into it (G03 to G05)."""

from __future__ import annotations

import pytest

from ..case import case
from ..operator import Operator
from .visit import ACCEPTED, Json, Notify, Visit, notify_availability, notify_event, notify_status, statuses

Connectors = list[tuple[int, int]]

ALL: Connectors = [(1, 1), (1, 2), (2, 1)]
EVSE: tuple[Json, Connectors] = ({"evse": {"id": 1}}, [(1, 1), (1, 2)])
STATION: tuple[Json, Connectors] = ({}, ALL)
CONNECTOR: tuple[Json, Connectors] = ({"evse": {"id": 1, "connectorId": 2}}, [(1, 2)])
WHAT = pytest.mark.parametrize(
    ("what", "concerned"), [EVSE, STATION, CONNECTOR], ids=["evse", "station", "connector"]
)
NOTIFY = pytest.mark.parametrize("notify", [notify_status, notify_availability])


async def all_are(operator: Operator, status: str, connectors: Connectors, notify: Notify) -> None:
    for evse_id, connector_id in connectors:
        await notify(operator.station, status, evse_id, connector_id)


@NOTIFY
@WHAT
@case("TC_G_03_CSMS", "TC_G_05_CSMS", "TC_G_07_CSMS")
async def test_out_of_service(operator: Operator, what: Json, concerned: Connectors, notify: Notify) -> None:
    await all_are(operator, "Available", ALL, notify_status)

    await operator.tell("ChangeAvailability", {"operationalStatus": "Inoperative"} | what, ACCEPTED)
    await all_are(operator, "Unavailable", concerned, notify)

    expected = dict.fromkeys(ALL, "Available") | dict.fromkeys(concerned, "Unavailable")
    assert await statuses(operator) == expected


@NOTIFY
@WHAT
@case("TC_G_04_CSMS", "TC_G_06_CSMS", "TC_G_08_CSMS")
async def test_back_into_service(
    operator: Operator, what: Json, concerned: Connectors, notify: Notify
) -> None:
    await all_are(operator, "Unavailable", ALL, notify_status)

    await operator.tell("ChangeAvailability", {"operationalStatus": "Operative"} | what, ACCEPTED)
    await all_are(operator, "Available", concerned, notify)

    expected = dict.fromkeys(ALL, "Unavailable") | dict.fromkeys(concerned, "Available")
    assert await statuses(operator) == expected


@pytest.mark.parametrize(
    ("what", "free", "occupied"),
    [
        ({"evse": {"id": 1}}, [], (1, 1)),
        ({}, [(2, 1)], (1, 1)),
        ({"evse": {"id": 1, "connectorId": 1}}, [], (1, 1)),
    ],
    ids=["evse", "station", "connector"],
)
@case("TC_G_11_CSMS", "TC_G_14_CSMS", "TC_G_17_CSMS")
async def test_out_of_service_when_the_transaction_is_over(
    operator: Operator, tag: str, what: Json, free: Connectors, occupied: tuple[int, int]
) -> None:
    visit = Visit(operator, tag)
    await all_are(operator, "Available", [(1, 1), (2, 1)], notify_status)
    await visit.begin()

    scheduled = {"status": "Scheduled"}
    await operator.tell("ChangeAvailability", {"operationalStatus": "Inoperative"} | what, scheduled)
    await all_are(operator, "Unavailable", free, notify_status)
    assert (await visit.known())["active"]
    others = {(2, 1): "Unavailable" if free else "Available"}
    assert await statuses(operator) == {occupied: "Occupied"} | others

    await visit.stop()
    await visit.leave()
    await all_are(operator, "Unavailable", [occupied], notify_status)
    assert not (await visit.known())["active"]
    assert await statuses(operator) == {occupied: "Unavailable"} | others


@case("TC_G_20_CSMS")
async def test_a_connector_does_not_lock(operator: Operator) -> None:
    lock = {"name": "ConnectorPlugRetentionLock", "evse": {"id": 1, "connectorId": 1}}

    await notify_event(operator.station, "true", component=lock, variable={"name": "Problem"})

    [event] = await operator.listed("events")
    assert (event["trigger"], event["actualValue"]) == ("Delta", "true")
    assert (event["component"], event["variable"]) == (lock, {"name": "Problem"})
