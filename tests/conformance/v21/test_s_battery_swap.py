"""Block S of OCPP 2.1: batteries are swapped at the operator's request."""

from __future__ import annotations

from typing import Any

from tests.e2e.station import Station

from ..case import case
from ..operator import Operator
from ..v201.reporting import noticed

Json = dict[str, Any]


def asked(tag: str) -> Json:
    return {"idToken": {"idToken": tag, "type": "ISO14443"}, "requestId": 1}


@case("TC_S_102_CSMS")
async def test_a_station_has_not_enough_batteries(operator: Operator, tag: str) -> None:
    why = {"status": "Rejected", "statusInfo": {"reasonCode": "NoBatteryAvailable"}}
    await operator.tell("RequestBatterySwap", asked(tag), why)
    [command] = await operator.listed("commands?action=RequestBatterySwap")
    assert (command["payload"], command["response"]) == (asked(tag), why)


@case("TC_S_103_CSMS")
async def test_a_driver_swaps_batteries(station: Station, operator: Operator, tag: str) -> None:
    await operator.tell("RequestBatterySwap", asked(tag), {"status": "Accepted"})
    reported = [
        asked(tag)
        | {
            "eventType": event,
            "batteryData": [{"evseId": evse, "serialNumber": serial, "soC": soc, "soH": 98}],
        }
        for event, evse, serial, soc in (("BatteryIn", 1, "EMPTY-1", 12.5), ("BatteryOut", 2, "FULL-2", 100))
    ]
    for swapped in reported:
        assert await station.call("BatterySwap", swapped) == {}
    known = await noticed(operator, "BatterySwap")
    assert sorted(known, key=lambda one: str(one["eventType"])) == reported
