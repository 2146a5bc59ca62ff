"""Block A: a station of OCPP 2.0.1 proves with its password that it is the one it says."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.e2e.station import Station
from tests.e2e.station import station as connected
from tests.e2e.system import System

from ..case import case
from ..operator import Operator
from .boots import boots
from .events import report_status

Json = dict[str, Any]
OLD, NEW = "the-old-password-1", "the:new@password.2"
PASSWORD = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
PRIORITY = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "NetworkConfigurationPriority"}}


@pytest.fixture
async def secured(csms: System, cs: str) -> str:
    """The id of a registered station that has a password."""
    answer = await csms.http.post(f"{csms.device}/chargingstations/{cs}/credentials", json={"secret": OLD})
    assert answer.status_code == 201, answer.text
    return cs


def basic(username: str, password: str) -> dict[str, str]:
    encoded = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


@asynccontextmanager
async def booted(csms: System, id: str, password: str, **headers: str) -> AsyncIterator[Station]:
    """Let in with that password, and accepted."""
    sent = basic(id, password) | headers
    async with connected(csms.gateways[0], id, additional_headers=sent) as station:
        assert (await boots(station))["status"] == "Accepted"
        yield station


async def refused(csms: System, id: str, headers: dict[str, str]) -> InvalidStatus:
    """The connection is not upgraded."""
    with pytest.raises(InvalidStatus) as refusal:
        async with connected(csms.gateways[0], id, additional_headers=headers):
            pass
    return refusal.value


async def refused_as_unauthorized(csms: System, id: str, headers: dict[str, str]) -> None:
    response = (await refused(csms, id, headers)).response
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Basic ")


async def changed(csms: System, station: Station, status: str) -> None:
    """The operator gives the station a new password, and the station answers so."""
    operator = Operator(csms, station)
    request = {"setVariableData": [PASSWORD | {"attributeValue": NEW}]}
    response = {"setVariableResult": [PASSWORD | {"attributeStatus": status}]}
    command = await operator.tell("SetVariables", request, response)
    assert command["payload"] == {"setVariableData": [PASSWORD | {"attributeValue": "***"}]}


@case("TC_A_01_CSMS")
async def test_a_station_with_its_password_is_let_in(csms: System, secured: str) -> None:
    async with booted(csms, secured, OLD) as station:
        await report_status(station, "Available")
        assert station.websocket.subprotocol == "ocpp2.0.1"


@case("TC_A_02_CSMS")
async def test_a_station_under_the_name_of_another_is_not_let_in(
    csms: System, secured: str, name: str
) -> None:
    other = f"OTHER-{name}"
    await csms.register(other)
    await refused_as_unauthorized(csms, secured, basic(other, OLD))
    async with booted(csms, secured, OLD):
        pass


@case("TC_A_03_CSMS")
@pytest.mark.parametrize("password", [NEW, "", OLD[:-1], f"{OLD} "])
async def test_a_station_with_a_wrong_password_is_not_let_in(
    csms: System, secured: str, password: str
) -> None:
    await refused_as_unauthorized(csms, secured, basic(secured, password))
    await refused_as_unauthorized(csms, secured, {})
    async with booted(csms, secured, OLD):
        pass


@case("TC_A_09_CSMS")
async def test_a_station_that_took_its_new_password_is_let_in_with_no_other(
    csms: System, secured: str
) -> None:
    async with booted(csms, secured, OLD) as station:
        await changed(csms, station, "Accepted")

    async with booted(csms, secured, NEW):
        await refused_as_unauthorized(csms, secured, basic(secured, OLD))


@case("TC_A_10_CSMS")
async def test_a_station_that_refused_its_new_password_keeps_the_old_one(csms: System, secured: str) -> None:
    async with booted(csms, secured, OLD) as station:
        await changed(csms, station, "Rejected")

    async with booted(csms, secured, OLD):
        await refused_as_unauthorized(csms, secured, basic(secured, NEW))


@case("TC_A_19_CSMS")
async def test_a_station_that_has_come_up_to_a_security_profile_is_not_let_in_below_it(
    csms: System, secured: str
) -> None:
    """From 1 to 2: with TLS, of which the proxy that ends it tells the CSMS."""
    profile = {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": csms.gateways[0].replace("ws:", "wss:"),
        "messageTimeout": 30,
        "securityProfile": 2,
        "ocppInterface": "Wired0",
    }
    async with booted(csms, secured, OLD) as station:
        operator = Operator(csms, station)
        request = {"configurationSlot": 2, "connectionData": profile}
        await operator.tell("SetNetworkProfile", request, {"status": "Accepted"})
        await operator.tell(
            "SetVariables",
            {"setVariableData": [PRIORITY | {"attributeValue": "2,1"}]},
            {"setVariableResult": [PRIORITY | {"attributeStatus": "RebootRequired"}]},
        )
        await operator.tell("Reset", {"type": "OnIdle"}, {"status": "Accepted"})

    async with booted(csms, secured, OLD, **{"X-Forwarded-Proto": "https"}):
        refusal = await refused(csms, secured, basic(secured, OLD) | {"X-Forwarded-Proto": "http"})
        assert refusal.response.status_code in (401, 403)
