"""Block O of OCPP 2.0.1: messages on the display of a station."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.sessions import Session2
from tests.e2e.station import Station

from ..case import case
from ..operator import Operator
from .display import asked_and_told, message, shown
from .reporting import noticed

Json = dict[str, Any]
START = {"startDateTime": "2030-01-01T08:00:00Z"}
END = {"endDateTime": "2030-01-01T20:00:00Z"}
FRONT = message(2, priority="AlwaysFront")
FAULTED = message(3, state="Faulted")


@pytest.mark.parametrize(
    "more", [{}, START, START | END, {"state": "Charging"}], ids=["TC_O_01", "TC_O_13", "TC_O_14", "TC_O_25"]
)
@case("TC_O_01_CSMS", "TC_O_13_CSMS", "TC_O_14_CSMS", "TC_O_25_CSMS")
async def test_a_message_is_shown(operator: Operator, more: Json) -> None:
    await shown(operator, message(**more))


@pytest.mark.parametrize("more", [{}, START, START | END], ids=["TC_O_06", "TC_O_27", "TC_O_28"])
@case("TC_O_06_CSMS", "TC_O_27_CSMS", "TC_O_28_CSMS")
async def test_a_message_is_shown_during_a_transaction(
    station: Station, operator: Operator, tag: str, name: str, more: Json
) -> None:
    charging = Session2(station, f"TX-{name}", tag)
    await charging.start()
    await shown(operator, message(transactionId=charging.transaction_id, **more))
    assert await charging.stop() == {}


@pytest.mark.parametrize(
    ("status", "more"),
    [
        ("UnknownTransaction", {"transactionId": "TX-of-nobody"}),
        ("NotSupportedPriority", {"priority": "InFront"}),
        ("NotSupportedState", {"state": "Unavailable"}),
        ("NotSupportedMessageFormat", {"message": {"format": "HTML", "content": "<b>Welcome</b>"}}),
        ("Rejected", {}),
    ],
    ids=["TC_O_10", "TC_O_17", "TC_O_18", "TC_O_19", "TC_O_26"],
)
@case("TC_O_10_CSMS", "TC_O_17_CSMS", "TC_O_18_CSMS", "TC_O_19_CSMS", "TC_O_26_CSMS")
async def test_a_message_that_a_station_does_not_show(operator: Operator, status: str, more: Json) -> None:
    await shown(operator, message(**more), status)


@case("TC_O_12_CSMS")
async def test_a_message_takes_the_place_of_the_one_with_its_number(operator: Operator) -> None:
    newer = message(1, message={"format": "UTF8", "content": "Out of order"})
    await shown(operator, message(1))
    await shown(operator, newer)
    await asked_and_told(operator, {"id": [1]}, newer)


@pytest.mark.parametrize(
    ("criteria", "messages"),
    [
        ({}, [message(1), FRONT, FAULTED]),
        ({"id": [1]}, [message(1)]),
        ({"priority": "AlwaysFront"}, [FRONT]),
        ({"state": "Faulted"}, [FAULTED]),
    ],
    ids=["TC_O_02", "TC_O_07", "TC_O_08", "TC_O_09"],
)
@case("TC_O_02_CSMS", "TC_O_07_CSMS", "TC_O_08_CSMS", "TC_O_09_CSMS")
async def test_the_messages_of_a_station_are_read(
    operator: Operator, criteria: Json, messages: list[Json]
) -> None:
    await asked_and_told(operator, criteria, *messages)


@pytest.mark.parametrize(
    "criteria", [{}, {"id": [99], "priority": "InFront", "state": "Idle"}], ids=["TC_O_03", "TC_O_11"]
)
@case("TC_O_03_CSMS", "TC_O_11_CSMS")
async def test_a_station_that_has_no_such_message(operator: Operator, criteria: Json) -> None:
    outcome = await operator.tell("GetDisplayMessages", {"requestId": 9} | criteria, {"status": "Unknown"})
    assert outcome["response"] == {"status": "Unknown"}
    assert await noticed(operator, "NotifyDisplayMessages") == []


@pytest.mark.parametrize("status", ["Accepted", "Unknown"], ids=["TC_O_04", "TC_O_05"])
@case("TC_O_04_CSMS", "TC_O_05_CSMS")
async def test_a_message_is_cleared_by_its_number(operator: Operator, status: str) -> None:
    await operator.tell("ClearDisplayMessage", {"id": 1}, {"status": status})
    [command] = await operator.listed("commands?action=ClearDisplayMessage")
    assert (command["payload"], command["response"]) == ({"id": 1}, {"status": status})
