"""Monitors of variables, and the events that they raise, as a station of 2.x tells them."""

from __future__ import annotations

from typing import Any

from tests.e2e.station import Station

from ..operator import Operator
from .reporting import AT, complete, of_evse

Json = dict[str, Any]
POWER = of_evse("EVSE", "Power")
TEMPERATURE = of_evse("Connector", "Temperature")
AVAILABILITY = of_evse("EVSE", "AvailabilityState")


def monitor(id: int, type_: str, value: float, **more: Any) -> Json:
    return {"id": id, "type": type_, "value": value, "severity": 5, "transaction": False} | more


async def report(station: Station, request_id: int, *monitored: Json) -> None:
    """NotifyMonitoringReport, one message for each variable."""
    for number, one in enumerate(monitored):
        part = {
            "requestId": request_id,
            "generatedAt": AT,
            "seqNo": number,
            "tbc": number + 1 < len(monitored),
        }
        assert await station.call("NotifyMonitoringReport", part | {"monitor": [one]}) == {}


async def asked_and_reported(operator: Operator, criteria: Json, *monitored: Json) -> None:
    """A GetMonitoringReport with these criteria, and what the CSMS knows when it was reported."""
    await operator.tell("GetMonitoringReport", {"requestId": 7} | criteria, {"status": "Accepted"})
    await report(operator.station, 7, *monitored)
    assert await complete(operator, "NotifyMonitoringReport", 7)
    reported = [
        one | {"component": place["component"], "variable": place["variable"]}
        for place in monitored
        for one in place["variableMonitoring"]
    ]
    known = {one["id"]: one for one in await operator.listed("monitors")}
    assert known.keys() == {one["id"] for one in reported}
    for one in reported:
        assert {name: known[one["id"]][name] for name in one} == one


async def event(station: Station, place: Json, **fields: Any) -> Json:
    """The station raises an event, and is answered."""
    data = {"eventId": 1, "timestamp": AT, "eventNotificationType": "CustomMonitor"} | place | fields
    payload = {"generatedAt": AT, "seqNo": 0, "tbc": False, "eventData": [data]}
    assert await station.call("NotifyEvent", payload) == {}
    return data


async def known_events(operator: Operator) -> list[Json]:
    """The newest first, in the words of the station."""
    listed = await operator.listed("events")
    own = {"stationId", "receivedAt", "timestamp", "id"}
    return [
        {"eventId": one["id"]} | {name: value for name, value in one.items() if name not in own}
        for one in listed
    ]


def as_known(reported: Json) -> Json:
    """An event without its time, of which the CSMS has its own spelling."""
    return {name: value for name, value in reported.items() if name != "timestamp"}
