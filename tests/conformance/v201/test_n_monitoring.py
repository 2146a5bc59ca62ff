"""Block N of OCPP 2.0.1, monitoring: what a station watches of its variables, and the events of that."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.station import Station

from ..case import case
from ..operator import Operator
from .monitors import (
    AVAILABILITY,
    POWER,
    TEMPERATURE,
    as_known,
    asked_and_reported,
    event,
    known_events,
    monitor,
    report,
)

Json = dict[str, Any]
ON_POWER = POWER | {"variableMonitoring": [monitor(1, "UpperThreshold", 11_000), monitor(2, "Delta", 500)]}
ON_TEMPERATURE = TEMPERATURE | {"variableMonitoring": [monitor(3, "LowerThreshold", -10.5)]}
ALL_CRITERIA = ["ThresholdMonitoring", "DeltaMonitoring", "PeriodicMonitoring"]
AGAIN = "2026-03-01T10:05:00Z"


@pytest.mark.parametrize(
    ("criteria", "monitored"),
    [
        ({"monitoringCriteria": ALL_CRITERIA}, [ON_POWER, ON_TEMPERATURE]),
        ({"componentVariable": [POWER]}, [ON_POWER]),
        (
            {"monitoringCriteria": ["ThresholdMonitoring"], "componentVariable": [TEMPERATURE]},
            [ON_TEMPERATURE],
        ),
        ({}, [ON_POWER, ON_TEMPERATURE]),
        (
            {"monitoringCriteria": ["ThresholdMonitoring"], "componentVariable": [POWER, TEMPERATURE]},
            [ON_POWER, ON_TEMPERATURE],
        ),
    ],
    ids=["TC_N_01", "TC_N_02", "TC_N_03", "TC_N_47", "TC_N_60"],
)
@case("TC_N_01_CSMS", "TC_N_02_CSMS", "TC_N_03_CSMS", "TC_N_47_CSMS", "TC_N_60_CSMS")
async def test_the_monitors_of_a_station_are_read(
    operator: Operator, criteria: Json, monitored: list[Json]
) -> None:
    await asked_and_reported(operator, criteria, *monitored)


@case("TC_N_05_CSMS")
async def test_every_base_of_monitoring_can_be_set(operator: Operator) -> None:
    bases = ["All", "FactoryDefault", "HardWiredOnly"]
    for base in bases:
        await operator.tell("SetMonitoringBase", {"monitoringBase": base}, {"status": "Accepted"})
    commands = await operator.listed("commands?action=SetMonitoringBase")
    assert sorted(one["payload"]["monitoringBase"] for one in commands) == bases


def wanted(place: Json, type_: str, value: float) -> Json:
    return place | {"type": type_, "value": value, "severity": 8, "transaction": False}


def made(id: int, data: Json) -> Json:
    """The result of a station that accepts a monitor."""
    named = {name: data[name] for name in ("component", "variable", "type", "severity")}
    return named | {"id": id, "status": "Accepted"}


@pytest.mark.parametrize(
    "data",
    [
        [wanted(POWER, "UpperThreshold", 11_000)],
        [wanted(POWER, "UpperThreshold", 11_000), wanted(TEMPERATURE, "Delta", 2.5)],
    ],
    ids=["TC_N_08", "TC_N_09"],
)
@case("TC_N_08_CSMS", "TC_N_09_CSMS")
async def test_monitors_are_set_and_the_numbers_that_they_got_are_known(
    operator: Operator, data: list[Json]
) -> None:
    results = [made(id, one) for id, one in enumerate(data, start=41)]
    asked, answer = {"setMonitoringData": data}, {"setMonitoringResult": results}
    outcome = await operator.tell("SetVariableMonitoring", asked, answer)
    assert [one["id"] for one in outcome["response"]["setMonitoringResult"]] == [41, 42][: len(data)]


@pytest.mark.parametrize(
    ("severity", "status"), [(4, "Accepted"), (10, "Rejected")], ids=["TC_N_16", "TC_N_17"]
)
@case("TC_N_16_CSMS", "TC_N_17_CSMS")
async def test_the_level_of_monitoring_is_set(operator: Operator, severity: int, status: str) -> None:
    """9 is the highest severity that there is."""
    await operator.tell("SetMonitoringLevel", {"severity": severity}, {"status": status})
    [command] = await operator.listed("commands?action=SetMonitoringLevel")
    assert (command["payload"], command["response"]) == ({"severity": severity}, {"status": status})


@case("TC_N_18_CSMS")
async def test_no_more_monitors_are_cleared_at_once_than_the_station_takes(
    station: Station, operator: Operator
) -> None:
    """The station has said how many it takes, so a request for more is not sent (N06.FR.04)."""
    limit = {
        "component": {"name": "MonitoringCtrlr"},
        "variable": {"name": "ItemsPerMessage", "instance": "ClearVariableMonitoring"},
    }
    result = limit | {"attributeStatus": "Accepted", "attributeValue": "2"}
    await operator.tell("GetVariables", {"getVariableData": [limit]}, {"getVariableResult": [result]})
    attributes = {"variableAttribute": [{"value": "2", "mutability": "ReadOnly"}]}
    reported = {
        "requestId": 1,
        "generatedAt": AGAIN,
        "seqNo": 0,
        "tbc": False,
        "reportData": [limit | attributes],
    }
    assert await station.call("NotifyReport", reported) == {}

    sent: list[list[int]] = []

    def clear(payload: Json) -> Json:
        sent.append(payload["id"])
        return {"clearMonitoringResult": [{"id": id, "status": "Accepted"} for id in payload["id"]]}

    station.answers["ClearVariableMonitoring"] = clear
    url = f"{operator.system.device}/chargingstations/{station.id}/commands/ClearVariableMonitoring"
    for ids in ([1, 2, 3], [1, 2], [3]):
        await operator.system.http.post(url, json={"id": ids})
    assert {id for ids in sent for id in ids} == {1, 2, 3}
    assert max(map(len, sent)) == 2


@case("TC_N_24_CSMS")
async def test_a_periodic_monitor_is_set_and_its_events_are_kept(
    station: Station, operator: Operator
) -> None:
    data = wanted(POWER, "Periodic", 60)
    answer = {"setMonitoringResult": [made(41, data)]}
    await operator.tell("SetVariableMonitoring", {"setMonitoringData": [data]}, answer)
    event_data = await event(station, POWER, trigger="Periodic", actualValue="7000", variableMonitoringId=41)
    later = await event(
        station,
        POWER,
        eventId=2,
        timestamp=AGAIN,
        trigger="Periodic",
        actualValue="7100",
        variableMonitoringId=41,
    )
    assert await known_events(operator) == [as_known(later), as_known(event_data)]


@case("TC_N_44_CSMS")
async def test_a_monitor_that_a_station_does_not_clear(station: Station, operator: Operator) -> None:
    """One that is hard-wired: it is still known."""
    await report(station, 1, ON_TEMPERATURE)
    result = {"clearMonitoringResult": [{"id": 3, "status": "Rejected"}]}
    outcome = await operator.tell("ClearVariableMonitoring", {"id": [3]}, result)
    assert outcome["response"] == result
    assert [one["id"] for one in await operator.listed("monitors")] == [3]


@case("TC_N_48_CSMS")
async def test_an_event_of_a_variable_that_can_only_be_written_has_no_value(
    station: Station, operator: Operator
) -> None:
    secret = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    event_data = await event(station, secret, trigger="Delta", actualValue="", variableMonitoringId=5)
    [known] = await known_events(operator)
    assert known.pop("actualValue") in ("", "***")
    assert known | {"actualValue": ""} == as_known(event_data)


@pytest.mark.parametrize("variable", [POWER, TEMPERATURE], ids=["UpperThreshold", "LowerThreshold"])
@case("TC_N_49_CSMS")
async def test_an_alert_is_cleared_after_a_reboot(
    station: Station, operator: Operator, variable: Json
) -> None:
    raised = await event(
        station, variable, trigger="Alerting", actualValue="12000", variableMonitoringId=1, cleared=False
    )
    assert await known_events(operator) == [as_known(raised)]
    await operator.tell("Reset", {"type": "Immediate"}, {"status": "Accepted"})
    boot = {"reason": "RemoteReset", "chargingStation": {"vendorName": "ACME", "model": "M1"}}
    assert (await station.call("BootNotification", boot))["status"] == "Accepted"
    over = await event(
        station,
        variable,
        timestamp=AGAIN,
        trigger="Alerting",
        actualValue="0",
        variableMonitoringId=1,
        cleared=True,
    )
    assert await known_events(operator) == [as_known(over), as_known(raised)]


@case("TC_N_50_CSMS")
async def test_a_periodic_event_is_answered_and_kept(station: Station, operator: Operator) -> None:
    event_data = await event(
        station,
        AVAILABILITY,
        trigger="Periodic",
        actualValue="Available",
        variableMonitoringId=9,
        eventNotificationType="PreconfiguredMonitor",
    )
    assert await known_events(operator) == [as_known(event_data)]
