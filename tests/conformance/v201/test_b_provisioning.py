"""Block B: the operator reads and sets variables of a station of OCPP 2.0.1, and has it report itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.sessions import at
from tests.e2e.station import Station

from ..case import case
from ..operator import Operator

Json = dict[str, Any]


def place(component: str, variable: str, instance: str | None = None) -> Json:
    named = {"name": variable} | ({"instance": instance} if instance else {})
    return {"component": {"name": component}, "variable": named}


OFFLINE_THRESHOLD = place("OCPPCommCtrlr", "OfflineThreshold")
ACTUAL = OFFLINE_THRESHOLD | {"attributeType": "Actual"}
BOTH = [OFFLINE_THRESHOLD, place("AuthCtrlr", "AuthorizeRemoteStart")]
BASES = ["ConfigurationInventory", "FullInventory", "SummaryInventory"]
VALUES = {"OfflineThreshold": "300", "AuthorizeRemoteStart": "false"}
AVAILABILITY = {
    "component": {"name": "EVSE", "evse": {"id": 1}},
    "variable": {"name": "AvailabilityState"},
}


def found(asked: Json) -> Json:
    value = VALUES.get(asked["variable"]["name"], "1")
    return asked | {"attributeStatus": "Accepted", "attributeValue": value}


async def report(station: Station, request_id: int, *parts: Json) -> None:
    """Each part a message of its own, the last one first: their order of arrival means nothing."""
    for number, reported in reversed(list(enumerate(parts))):
        last = number == len(parts) - 1
        part = {"requestId": request_id, "generatedAt": at(0), "seqNo": number, "tbc": not last}
        assert await station.call("NotifyReport", part | {"reportData": [reported]}) == {}


def reported(asked: Json, value: str) -> Json:
    characteristics = {"dataType": "string", "supportsMonitoring": False}
    return asked | {
        "variableAttribute": [{"value": value, "mutability": "ReadOnly"}],
        "variableCharacteristics": characteristics,
    }


@case("TC_B_06_CSMS", "TC_B_07_CSMS")
@pytest.mark.parametrize("asked", [[ACTUAL], BOTH], ids=["TC_B_06", "TC_B_07"])
async def test_the_operator_reads_variables(operator: Operator, asked: list[Json]) -> None:
    response = {"getVariableResult": [found(one) for one in asked]}
    command = await operator.tell("GetVariables", {"getVariableData": asked}, response)
    [logged] = await operator.listed("commands?action=GetVariables")
    assert logged == command


@case("TC_B_08_CSMS")
async def test_no_more_variables_are_asked_for_than_the_station_takes_at_once(
    station: Station, operator: Operator
) -> None:
    """The operator is told, and asks twice."""
    limit = reported(place("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables"), "4")
    await report(station, 70_008, limit)
    asked = [place("AuthCtrlr", f"Variable{number}") for number in range(5)]
    station.answers["GetVariables"] = {"getVariableResult": [found(one) for one in asked]}

    refused = await operator.refused("GetVariables", {"getVariableData": asked})
    assert (refused.status_code, refused.headers["Content-Type"]) == (422, "application/problem+json")
    assert "4" in refused.json()["detail"]
    for part in (asked[:4], asked[4:]):
        response = {"getVariableResult": [found(one) for one in part]}
        await operator.tell("GetVariables", {"getVariableData": part}, response)


@case("TC_B_09_CSMS", "TC_B_10_CSMS")
@pytest.mark.parametrize("places", [[OFFLINE_THRESHOLD], BOTH], ids=["TC_B_09", "TC_B_10"])
async def test_the_operator_sets_variables(operator: Operator, places: list[Json]) -> None:
    data = [one | {"attributeValue": VALUES[one["variable"]["name"]]} for one in places]
    response = {"setVariableResult": [one | {"attributeStatus": "Accepted"} for one in places]}
    command = await operator.tell("SetVariables", {"setVariableData": data}, response)
    assert command["payload"] == {"setVariableData": data}


@case("TC_B_12_CSMS", "TC_B_13_CSMS", "TC_B_14_CSMS")
@pytest.mark.parametrize("base", BASES, ids=["TC_B_12", "TC_B_13", "TC_B_14"])
async def test_a_station_reports_its_variables(station: Station, operator: Operator, base: str) -> None:
    await operator.tell("GetBaseReport", {"requestId": 70_012, "reportBase": base}, {"status": "Accepted"})
    await report(
        station,
        70_012,
        reported(OFFLINE_THRESHOLD, "300"),
        reported(AVAILABILITY, "Available"),
        reported(place("ChargingStation", "Problem"), "false"),
    )

    known = {
        (one["component"]["name"], one["variable"]["name"]): one["attributes"][0]["value"]
        for one in await operator.listed("variables")
    }
    assert known == {
        ("OCPPCommCtrlr", "OfflineThreshold"): "300",
        ("EVSE", "AvailabilityState"): "Available",
        ("ChargingStation", "Problem"): "false",
    }
    [complete] = [one for one in await operator.listed("reports") if one["requestId"] == 70_012]
    assert (complete["status"], complete["missingSeqNos"]) == ("complete", [])


@case("TC_B_18_CSMS")
async def test_a_station_reports_what_was_asked_for(station: Station, operator: Operator) -> None:
    request = {
        "requestId": 70_018,
        "componentCriteria": ["Available"],
        "componentVariable": [AVAILABILITY],
    }
    await operator.tell("GetReport", request, {"status": "Accepted"})
    await report(station, 70_018, reported(AVAILABILITY, "Available"))

    [known] = await operator.listed("variables?component=EVSE&variable=AvailabilityState&evseId=1")
    assert known["attributes"][0]["value"] == "Available"
    [complete] = [one for one in await operator.listed("reports") if one["requestId"] == 70_018]
    assert complete["status"] == "complete"
