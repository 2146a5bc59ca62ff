"""Block R of OCPP 2.1: what a station does for the grid."""

from __future__ import annotations

from typing import Any

from tests.e2e.station import Station

from ..case import case
from ..operator import Operator
from ..v201.reporting import AT, complete, noticed

Json = dict[str, Any]
ACCEPTED = {"status": "Accepted"}
DROOP = {
    "priority": 6,
    "overFreq": 50.5,
    "underFreq": 49.5,
    "overDroop": 0.05,
    "underDroop": 0.05,
    "responseTime": 10,
}
ENTER = {"priority": 1, "highVoltage": 250, "lowVoltage": 210, "highFreq": 50.5, "lowFreq": 49.5}
CURVE = {
    "priority": 4,
    "yUnit": "PctMaxW",
    "curveData": [{"x": 49, "y": 75}, {"x": 51, "y": 100}],
    "startTime": AT,
    "duration": 900,
}
OF_DROOP = {"isDefault": True, "isSuperseded": False, "id": "droop", "freqDroop": DROOP}
OF_CURVE = {"isDefault": False, "isSuperseded": False, "id": "curve", "curveType": "FreqWatt", "curve": CURVE}
OF_ENTER = {"id": "enter", "enterService": ENTER}


@case("TC_R_107_CSMS")
async def test_controls_of_the_grid_code_are_cleared_set_and_read(
    station: Station, operator: Operator
) -> None:
    for is_default in (True, False):
        await operator.tell("ClearDERControl", {"isDefault": is_default}, ACCEPTED)
    droop = {"isDefault": True, "controlId": "droop", "controlType": "FreqDroop", "freqDroop": DROOP}
    enter = {"isDefault": True, "controlId": "enter", "controlType": "EnterService", "enterService": ENTER}
    curve = {"isDefault": False, "controlId": "curve", "controlType": "FreqWatt", "curve": CURVE}
    for control in (droop, enter, curve):
        outcome = await operator.tell("SetDERControl", control, ACCEPTED)
        assert outcome["payload"] == control

    parts: list[tuple[Json, Json]] = [
        ({"isDefault": True}, {"freqDroop": [OF_DROOP], "enterService": [OF_ENTER]}),
        ({"isDefault": False}, {"curve": [OF_CURVE]}),
        ({"controlId": "curve"}, {"curve": [OF_CURVE]}),
    ]
    for request_id, (criteria, reported) in enumerate(parts, start=1):
        await operator.tell("GetDERControl", {"requestId": request_id} | criteria, ACCEPTED)
        report = {"requestId": request_id} | reported
        assert await station.call("ReportDERControl", report) == {}
        assert await complete(operator, "ReportDERControl", request_id)
        assert report in await noticed(operator, "ReportDERControl")
    unknown = {"requestId": 9, "controlType": "VoltVar"}
    await operator.tell("GetDERControl", unknown, {"status": "NotFound"})

    begun = {"controlId": "curve", "started": True, "timestamp": AT, "supersededIds": ["droop"]}
    assert await station.call("NotifyDERStartStop", begun) == {}
    assert await noticed(operator, "NotifyDERStartStop") == [begun]


@case("TC_R_108_CSMS")
async def test_a_station_tells_of_an_event_in_the_grid(station: Station, operator: Operator) -> None:
    begun = {"controlType": "LFMustTrip", "gridEventFault": "UnderFrequency", "timestamp": AT}
    over = {"controlType": "LFMustTrip", "alarmEnded": True, "timestamp": "2026-03-01T10:05:00Z"}
    assert await station.call("NotifyDERAlarm", begun) == {}
    assert await station.call("NotifyDERAlarm", over) == {}
    known = await noticed(operator, "NotifyDERAlarm")
    assert sorted(known, key=lambda one: str(one["timestamp"])) == [begun, over]
