"""A station that was away long is asked for the connectors that it does not report by itself."""

from __future__ import annotations

import json

import pytest

from libs.ocpp_messages.errors import ErrorCode
from libs.ocpp_messages.version import Version

from .onboarding import answer, asked, boots, connects, leaves, reports
from .operator import Operator
from .station import Csms, StoppedClock, after

V16, V201 = Version.V16, Version.V201
TWO = pytest.mark.parametrize("version", [V16, V201])


@TWO
async def test_a_station_that_is_back_is_asked_for_connectors_that_it_does_not_report(
    operator: Operator, station: Csms, clock: StoppedClock, version: Version
) -> None:
    await boots(station, version)
    [inventory] = await asked(operator, 4)
    await answer(operator, inventory, {} if version is V16 else {"status": "Accepted"})
    for number in (1, 2):
        await reports(station, version, number)
    clock.at = after(10)
    await leaves(station, "1")
    clock.at = after(610)
    await connects(station, version, "2")
    clock.at = after(611)
    await reports(station, version, 1, connection="2")

    [trigger] = await asked(operator, 614)

    place = {} if version is V16 else {"evse": {"id": 2, "connectorId": 1}}
    assert trigger.action == "TriggerMessage"
    assert json.loads(trigger.data) == {"requestedMessage": "StatusNotification"} | place
    assert await asked(operator, 660) == []


@pytest.mark.parametrize("version", list(Version))
async def test_connector_0_is_asked_for_too(
    operator: Operator, station: Csms, clock: StoppedClock, version: Version
) -> None:
    await boots(station, version)
    [inventory] = await asked(operator, 4)
    await answer(operator, inventory, {} if version is V16 else {"status": "Accepted"})
    for number in (0, 1):
        await reports(station, version, number, connector=number)
    clock.at = after(10)
    await leaves(station, "1")
    clock.at = after(610)
    await connects(station, version, "2")
    clock.at = after(611)
    await reports(station, version, 1, connection="2", connector=1)

    [trigger] = await asked(operator, 614)

    place = {} if version is V16 else {"evse": {"id": 0, "connectorId": 0}}
    assert json.loads(trigger.data) == {"requestedMessage": "StatusNotification"} | place


@TWO
async def test_a_station_that_was_away_for_less_is_asked_nothing(
    operator: Operator, station: Csms, clock: StoppedClock, version: Version
) -> None:
    """A plain reconnect, such as Cloud Run's every hour, costs no question and no write of a connector."""
    await boots(station, version)
    [inventory] = await asked(operator, 4)
    await answer(operator, inventory, {} if version is V16 else {"status": "Accepted"})
    await reports(station, version, 1)
    clock.at = after(10)
    await leaves(station, "1")
    clock.at = after(609)
    await connects(station, version, "2")

    assert await asked(operator, 700) == []


async def test_many_connectors_are_asked_for_one_after_another(
    operator: Operator, station: Csms, clock: StoppedClock
) -> None:
    await boots(station, V201)
    [inventory] = await asked(operator, 4)
    await answer(operator, inventory, {"status": "Accepted"})
    for number in range(1, 41):
        await reports(station, V201, number)
    clock.at = after(10)
    await leaves(station, "1")
    clock.at = after(620)
    await connects(station, V201, "2")

    places = set()
    for second in range(40):
        [trigger] = await asked(operator, 625 + second)
        places.add(json.loads(trigger.data)["evse"]["id"])
        await answer(operator, trigger, {"status": "Accepted"})

    assert places == set(range(1, 41))
    assert await asked(operator, 690) == []


async def test_requests_for_an_older_connection_are_not_sent_again(
    operator: Operator, station: Csms, clock: StoppedClock
) -> None:
    await boots(station, V201)
    [inventory] = await asked(operator, 4)
    await answer(operator, inventory, {"status": "Accepted"})
    for number in (1, 2):
        await reports(station, V201, number)
    clock.at = after(10)
    await leaves(station, "1")
    clock.at = after(620)
    await connects(station, V201, "2")
    [lost] = await asked(operator, 625)
    await leaves(station, "2")
    await operator.refuse(lost, ErrorCode.INTERNAL_ERROR, "the station left", gateway="notConnected")
    clock.at = after(1230)
    await connects(station, V201, "3")

    places = []
    for seconds in range(1240, 1260):
        for trigger in await asked(operator, seconds):
            places.append(json.loads(trigger.data)["evse"]["id"])
            await answer(operator, trigger, {"status": "Accepted"})

    assert sorted(places) == [1, 2]


async def test_a_station_that_reports_its_connectors_itself_is_not_asked(
    operator: Operator, station: Csms, clock: StoppedClock
) -> None:
    await boots(station, V201)
    [inventory] = await asked(operator, 4)
    await answer(operator, inventory, {"status": "Accepted"})
    await reports(station, V201, 1)
    clock.at = after(10)
    await leaves(station, "1")
    clock.at = after(620)
    await connects(station, V201, "2")
    clock.at = after(621)
    await reports(station, V201, 1, connection="2")

    assert await asked(operator, 660) == []
