"""Block B of OCPP 2.1: versions, addresses of a CSMS, and a reset after which charging goes on."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake
from websockets.typing import Subprotocol

from tests.e2e.station import Station
from tests.e2e.station import station as connected
from tests.e2e.system import System

from ..case import case
from ..operator import Operator
from ..v201.boots import boots, rebooted, shown_status
from ..v201.events import Charging, Event, report_status

Json = dict[str, Any]
SECRET = "a-password-of-its-own"
PRIORITY = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "NetworkConfigurationPriority"}}


async def prefers_slot_2(operator: Operator) -> None:
    """And restarts to use it."""
    await operator.tell(
        "SetVariables",
        {"setVariableData": [PRIORITY | {"attributeValue": "2,1"}]},
        {"setVariableResult": [PRIORITY | {"attributeStatus": "RebootRequired"}]},
    )
    await operator.tell("Reset", {"type": "OnIdle"}, {"status": "Accepted"})


async def registered(csms: System, id: str) -> None:
    """With that password."""
    await csms.register(id)
    url = f"{csms.device}/chargingstations/{id}/credentials"
    answer = await csms.http.post(url, json={"secret": SECRET})
    assert answer.status_code == 201, answer.text


async def comes_back_as(csms: System, id: str) -> None:
    encoded = base64.b64encode(f"{id}:{SECRET}".encode()).decode()
    headers = {"Authorization": f"Basic {encoded}"}
    async with connected(csms.gateways[0], id, "2.1", additional_headers=headers) as station:
        assert (await boots(station, "RemoteReset"))["status"] == "Accepted"
        await report_status(station, "Available")
        assert await shown_status(csms, id) == "Available"


@case("TC_B_58_CSMS")
async def test_a_station_is_let_in_only_with_a_version_that_the_csms_speaks(csms: System, cs: str) -> None:
    url = f"{csms.gateways[0]}/{cs}"
    with pytest.raises(InvalidHandshake):
        async with connect(url, subprotocols=[Subprotocol("ocpp0.1")]):
            pass

    for offered, expected in [
        (["ocpp0.1", "ocpp2.1"], "ocpp2.1"),
        (["ocpp2.1", "ocpp2.0.1"], "ocpp2.1"),
        (["ocpp2.0.1", "ocpp2.1"], "ocpp2.0.1"),
    ]:
        async with connect(url, subprotocols=[Subprotocol(one) for one in offered]) as websocket:
            assert websocket.subprotocol == expected


@case("TC_B_100_CSMS")
async def test_a_station_is_given_an_address_with_an_identity_and_a_password(
    csms: System, station: Station, operator: Operator, name: str
) -> None:
    identity = f"NEW-{name}"
    await registered(csms, identity)
    profile = {
        "ocppTransport": "JSON",
        "ocppCsmsUrl": csms.gateways[0],
        "messageTimeout": 30,
        "securityProfile": 1,
        "ocppInterface": "Any",
        "identity": identity,
        "basicAuthPassword": SECRET,
    }
    request = {"configurationSlot": 2, "connectionData": profile}
    command = await operator.tell("SetNetworkProfile", request, {"status": "Accepted"})
    assert command["payload"]["connectionData"] == profile | {"basicAuthPassword": "***"}
    await prefers_slot_2(operator)

    await station.websocket.close()
    await comes_back_as(csms, identity)


@case("TC_B_105_CSMS")
async def test_a_station_is_given_an_address_by_setting_variables(
    csms: System, station: Station, operator: Operator, name: str
) -> None:
    identity = f"NEW-{name}"
    await registered(csms, identity)
    values = {
        "OcppCsmsUrl": csms.gateways[0],
        "OcppInterface": "Any",
        "OcppTransport": "JSON",
        "MessageTimeout": "30",
        "SecurityProfile": "1",
        "Identity": identity,
        "BasicAuthPassword": SECRET,
    }
    slot = {"name": "NetworkConfiguration", "instance": "2"}
    places = {variable: {"component": slot, "variable": {"name": variable}} for variable in values}
    data = [place | {"attributeValue": values[variable]} for variable, place in places.items()]
    results = [place | {"attributeStatus": "Accepted"} for place in places.values()]
    command = await operator.tell("SetVariables", {"setVariableData": data}, {"setVariableResult": results})
    hidden = [one if one["attributeValue"] != SECRET else one | {"attributeValue": "***"} for one in data]
    assert command["payload"] == {"setVariableData": hidden}
    await prefers_slot_2(operator)

    await station.websocket.close()
    await comes_back_as(csms, identity)
    async with connected(csms.gateways[0], station.id, "2.1") as as_before:
        assert (await boots(as_before))["status"] == "Accepted"


@case("TC_B_103_CSMS")
async def test_a_transaction_outlives_a_reset_and_goes_on_charging(
    csms: System, station: Station, operator: Operator, tag: str
) -> None:
    charging = Charging(station, tag)
    await charging.begin()
    await operator.tell("Reset", {"type": "ImmediateAndResume"}, {"status": "Accepted"})
    await charging.tells(Event("Updated", "ResetCommand", "SuspendedEVSE", wh=2_000))

    async with rebooted(csms, station, "RemoteReset", "2.1") as again:
        charging.station = again
        await report_status(again, "Occupied")
        known = await charging.known(csms)
        assert (known["active"], known["chargingState"]) == (True, "SuspendedEVSE")
        await charging.tells(Event("Updated", "TxResumed", "Charging", wh=2_000))
        known = await charging.known(csms)
        assert (known["active"], known["chargingState"]) == (True, "Charging")
        await charging.end("StopAuthorized", "Local")
        await charging.assert_charged(csms, reason="Local")
    assert len(await csms.transactions(station.id)) == 1


@case("TC_B_104_CSMS")
async def test_a_reset_that_would_resume_when_nobody_charges(
    csms: System, station: Station, operator: Operator
) -> None:
    await operator.tell("Reset", {"type": "ImmediateAndResume"}, {"status": "Accepted"})
    async with rebooted(csms, station, "RemoteReset", "2.1"):
        assert await shown_status(csms, station.id) == "Available"
        assert await csms.transactions(station.id) == []
