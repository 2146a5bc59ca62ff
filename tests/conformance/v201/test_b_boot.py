"""Block B: a station of OCPP 2.0.1 boots, and is accepted, told to wait, or rejected."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.sessions import at
from tests.e2e.station import Refused, Station
from tests.e2e.station import station as connected
from tests.e2e.system import System

from ..case import case
from ..operator import Operator
from .boots import CHARGING_STATION, boots, decide, shown_status
from .events import report_status

STATUS = {"timestamp": at(0), "connectorStatus": "Available", "evseId": 1, "connectorId": 1}
POWER = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}


async def refuses(station: Station) -> None:
    """The CSMS takes nothing but a BootNotification (B02.FR.09, B03.FR.07)."""
    token = {"idToken": "T", "type": "ISO14443"}
    for action, payload in [("StatusNotification", STATUS), ("Authorize", {"idToken": token})]:
        with pytest.raises(Refused) as refused:
            await station.call(action, payload)
        assert refused.value.code == "SecurityError"


@case("TC_B_01_CSMS")
async def test_a_station_boots_and_is_accepted(csms: System, cs: str) -> None:
    response = await csms.http.patch(f"{csms.device}/chargingstations/{cs}", json={"heartbeatInterval": 120})
    assert response.status_code == 200, response.text

    async with connected(csms.gateways[0], cs) as station:
        answer = await boots(station)
        assert (answer["status"], answer["interval"]) == ("Accepted", 120)
        for evse_id in (1, 2):
            await report_status(station, "Available", evse_id)
        assert (await station.call("Heartbeat", {})).keys() == {"currentTime"}

        known = await csms.get(f"{csms.device}/chargingstations/{cs}")
        assert {name: known.get(name) for name in CHARGING_STATION} == CHARGING_STATION
        assert (known["registrationStatus"], known["bootReason"]) == ("Accepted", "PowerUp")
        assert known["lastBoot"] == known["acceptedAt"]
        assert [await shown_status(csms, cs, evse_id) for evse_id in (1, 2)] == ["Available"] * 2
        async with asyncio.timeout(10):
            while not (status := await csms.status(cs))["connected"]:
                await asyncio.sleep(0.05)
        assert status["ocppVersion"] == "ocpp2.0.1"


@case("TC_B_02_CSMS")
async def test_a_station_that_has_to_wait_is_configured_first(csms: System, cs: str) -> None:
    await decide(csms, cs, "Pending")
    async with connected(csms.gateways[0], cs) as station:
        operator = Operator(csms, station)
        assert (await boots(station))["status"] == "Pending"

        setting = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "OfflineThreshold"}}
        await operator.tell(
            "SetVariables",
            {"setVariableData": [setting | {"attributeValue": "300"}]},
            {"setVariableResult": [setting | {"attributeStatus": "Accepted"}]},
        )
        await operator.tell(
            "GetVariables",
            {"getVariableData": [setting]},
            {"getVariableResult": [setting | {"attributeStatus": "Accepted", "attributeValue": "300"}]},
        )
        report = {"requestId": 70_002, "reportBase": "FullInventory"}
        await operator.tell("GetBaseReport", report, {"status": "Accepted"})
        payload = POWER | {"variableAttribute": [{"value": "11000"}]}
        part = {"requestId": 70_002, "generatedAt": at(0), "seqNo": 0, "reportData": [payload]}
        assert await station.call("NotifyReport", part) == {}
        [known] = await operator.listed("variables?component=EVSE")
        assert known["attributes"][0]["value"] == "11000"
        token = {"idToken": "T", "type": "ISO14443"}
        refused = await operator.refused("RequestStartTransaction", {"idToken": token, "remoteStartId": 1})
        assert refused.status_code == 409

        await decide(csms, cs, "Accepted")
        assert (await boots(station))["status"] == "Accepted"
        await report_status(station, "Available")


@case("TC_B_30_CSMS")
@pytest.mark.parametrize("status", ["Pending", "Rejected"])
async def test_a_station_that_is_not_accepted_may_only_boot(csms: System, cs: str, status: str) -> None:
    await decide(csms, cs, status)
    async with connected(csms.gateways[0], cs) as station:
        await refuses(station)
        assert (await boots(station))["status"] == status
        await refuses(station)
        known = await csms.status(cs)
        assert (known["registrationStatus"], known["connectors"]) == (status, [])

        await decide(csms, cs, "Accepted")
        assert (await boots(station))["status"] == "Accepted"
        await report_status(station, "Available")


@case("TC_B_31_CSMS")
async def test_a_station_that_has_to_wait_is_asked_to_boot_again(csms: System, cs: str) -> None:
    await decide(csms, cs, "Pending")
    async with connected(csms.gateways[0], cs) as station:
        operator = Operator(csms, station)
        station.answers["TriggerMessage"] = {"status": "Accepted"}  # the CSMS asks by itself too
        assert (await boots(station))["status"] == "Pending"
        await decide(csms, cs, "Accepted")
        await refuses(station)

        await operator.tell(
            "TriggerMessage", {"requestedMessage": "BootNotification"}, {"status": "Accepted"}
        )
        assert (await boots(station, "Triggered"))["status"] == "Accepted"
        await report_status(station, "Available")
        assert await shown_status(csms, cs) == "Available"


@case("TC_B_31_CSMS")
async def test_a_rejected_station_is_sent_nothing(csms: System, cs: str) -> None:
    await decide(csms, cs, "Rejected")
    async with connected(csms.gateways[0], cs) as station:
        assert (await boots(station))["status"] == "Rejected"
        trigger = {"requestedMessage": "BootNotification"}
        refused = await Operator(csms, station).refused("TriggerMessage", trigger)
        assert refused.status_code == 409
