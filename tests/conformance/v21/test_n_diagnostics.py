"""Block N of OCPP 2.1: new logs, credentials for them, new monitors, and streams of their values."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.e2e.station import Station

from ..case import case
from ..operator import Operator
from ..v201.monitors import POWER, as_known, asked_and_reported, event, known_events, monitor
from ..v201.reporting import AT, course, jobs, noticed, progress

Json = dict[str, Any]
STREAM = {"id": 2, "variableMonitoringId": 41, "params": {"interval": 10, "values": 30}}


async def uploads_log(operator: Operator, type_: str, location: str) -> Json:
    """The command as the CSMS keeps it."""
    log = {"logType": type_, "requestId": 1, "log": {"remoteLocation": location}}
    command = await operator.tell("GetLog", log, {"status": "Accepted", "filename": "log-1.zip"})
    await progress(operator.station, "LogStatusNotification", 1, "Uploading", "Uploaded")
    assert course((await jobs(operator, "log"))[1]) == ("succeeded", ["Uploading", "Uploaded"])
    return command


@case("TC_N_100_CSMS")
async def test_the_log_of_the_data_collector_is_uploaded(operator: Operator) -> None:
    command = await uploads_log(operator, "DataCollectorLog", "https://logs.example/here")
    assert command["payload"]["logType"] == "DataCollectorLog"


@pytest.mark.parametrize("scheme", ["http", "https"], ids=["TC_N_102", "TC_N_102_2"])
@case("TC_N_102_CSMS", "TC_N_102_2_CSMS")
async def test_a_station_gets_the_password_for_an_upload_and_nobody_else_sees_it(
    operator: Operator, scheme: str
) -> None:
    command = await uploads_log(operator, "DiagnosticsLog", f"{scheme}://someone:hush-hush@logs.example/here")
    assert command["payload"]["log"]["remoteLocation"] == f"{scheme}://someone:***@logs.example/here"
    assert "hush-hush" not in str(await operator.listed("commands"))


@case("TC_N_104_CSMS")
async def test_monitors_of_the_distance_to_a_target_are_read(operator: Operator) -> None:
    own = {"eventNotificationType": "CustomMonitor"}
    monitors = [monitor(1, "TargetDelta", 500, **own), monitor(2, "TargetDeltaRelative", 0.1, **own)]
    criteria = {"monitoringCriteria": ["DeltaMonitoring"], "componentVariable": [POWER]}
    await asked_and_reported(operator, criteria, POWER | {"variableMonitoring": monitors})


@case("TC_N_21_CSMS")
async def test_an_alert_of_a_hard_wired_monitor_is_kept_with_its_severity(
    station: Station, operator: Operator
) -> None:
    event_data = await event(
        station,
        POWER,
        trigger="Alerting",
        actualValue="23000",
        variableMonitoringId=1,
        eventNotificationType="HardWiredMonitor",
        severity=2,
    )
    assert await known_events(operator) == [as_known(event_data)]


@case("TC_N_105_CSMS")
async def test_a_stream_of_values_is_opened_adjusted_and_closed(station: Station, operator: Operator) -> None:
    often = {"type": "Periodic", "value": 1, "severity": 8, "transaction": False}
    asked = POWER | often | {"periodicEventStream": {"interval": 10, "values": 30}}
    result = POWER | {"type": "Periodic", "severity": 8, "id": 41, "status": "Accepted"}
    answer = {"setMonitoringResult": [result]}
    await operator.tell("SetVariableMonitoring", {"setMonitoringData": [asked]}, answer)
    opening = {"constantStreamData": STREAM}
    assert await station.call("OpenPeriodicEventStream", opening) == {"status": "Accepted"}
    [known] = await operator.listed("eventstreams")
    shown = {name: known.get(name) for name in ("id", "variableMonitoringId", "interval", "values", "isOpen")}
    assert shown == {"id": 2, "variableMonitoringId": 41, "interval": 10, "values": 30, "isOpen": True}

    values = {"id": 2, "pending": 0, "basetime": AT, "data": [{"t": 0, "v": "7000"}, {"t": 1.5, "v": "7100"}]}
    await station.send([6, "stream-1", "NotifyPeriodicEventStream", values])
    async with asyncio.timeout(10):
        while await noticed(operator, "NotifyPeriodicEventStream") != [values]:
            await asyncio.sleep(0.05)

    slower = {"id": 2, "params": {"interval": 60, "values": 10}}
    await operator.tell("AdjustPeriodicEventStream", slower, {"status": "Accepted"})
    assert await station.call("ClosePeriodicEventStream", {"id": 2}) == {}
    assert [one["isOpen"] for one in await operator.listed("eventstreams")] == [False]


@case("TC_N_107_CSMS")
async def test_the_streams_of_a_station_are_asked_for(station: Station, operator: Operator) -> None:
    assert await station.call("OpenPeriodicEventStream", {"constantStreamData": STREAM}) == {
        "status": "Accepted"
    }
    outcome = await operator.tell("GetPeriodicEventStream", {}, {"constantStreamData": [STREAM]})
    [reported] = outcome["response"]["constantStreamData"]
    [known] = await operator.listed("eventstreams")
    assert (known["id"], known["interval"], known["isOpen"]) == (
        reported["id"],
        reported["params"]["interval"],
        True,
    )
