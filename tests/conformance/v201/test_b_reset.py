"""Block B: the operator resets a station of OCPP 2.0.1, and gives it the address of a CSMS."""

from __future__ import annotations

import pytest

from tests.e2e.station import Station
from tests.e2e.system import System

from ..case import case
from ..operator import Operator
from .boots import rebooted, shown_status
from .events import Charging, report_status


async def restarts_evse(csms: System, station: Station) -> None:
    """The EVSE alone: the station stays connected."""
    for status in ("Unavailable", "Available"):
        await report_status(station, status)
        assert await shown_status(csms, station.id) == status
    assert (await csms.status(station.id))["connected"] is True


@case("TC_B_20_CSMS")
async def test_a_reset_when_nobody_charges(csms: System, station: Station, operator: Operator) -> None:
    await operator.tell("Reset", {"type": "OnIdle"}, {"status": "Accepted"})
    async with rebooted(csms, station, "RemoteReset"):
        assert await shown_status(csms, station.id) == "Available"


@case("TC_B_21_CSMS")
async def test_a_reset_waits_for_the_end_of_a_transaction(
    csms: System, station: Station, operator: Operator, tag: str
) -> None:
    charging = Charging(station, tag)
    await charging.begin()
    await operator.tell("Reset", {"type": "OnIdle"}, {"status": "Scheduled"})
    assert (await charging.known(csms))["active"] is True
    await charging.end("StopAuthorized", "Local")
    async with rebooted(csms, station, "ScheduledReset"):
        await charging.assert_charged(csms, reason="Local")


@case("TC_B_22_CSMS")
async def test_an_immediate_reset_ends_a_transaction(
    csms: System, station: Station, operator: Operator, tag: str
) -> None:
    charging = Charging(station, tag)
    await charging.begin()
    await operator.tell("Reset", {"type": "Immediate"}, {"status": "Accepted"})
    await charging.end("ResetCommand", "ImmediateReset")
    async with rebooted(csms, station, "RemoteReset"):
        await charging.assert_charged(csms, reason="ImmediateReset")


@case("TC_B_25_CSMS")
async def test_a_reset_of_an_evse(csms: System, station: Station, operator: Operator) -> None:
    await operator.tell("Reset", {"type": "OnIdle", "evseId": 1}, {"status": "Accepted"})
    await restarts_evse(csms, station)


@case("TC_B_26_CSMS")
async def test_a_reset_of_an_evse_waits_for_the_end_of_a_transaction(
    csms: System, station: Station, operator: Operator, tag: str
) -> None:
    charging = Charging(station, tag)
    await charging.begin()
    await operator.tell("Reset", {"type": "OnIdle", "evseId": 1}, {"status": "Scheduled"})
    assert (await charging.known(csms))["active"] is True
    await charging.end("EVCommunicationLost", "EVDisconnected", "Idle")
    await restarts_evse(csms, station)
    await charging.assert_charged(csms, reason="EVDisconnected")


@case("TC_B_27_CSMS")
async def test_an_immediate_reset_of_an_evse_ends_its_transaction_and_no_other(
    csms: System, station: Station, operator: Operator, tag: str
) -> None:
    charging, other = Charging(station, tag), Charging(station, tag, evse_id=2)
    await charging.begin()
    await other.begin()
    await operator.tell("Reset", {"type": "Immediate", "evseId": 1}, {"status": "Accepted"})
    await charging.end("ResetCommand", "ImmediateReset")
    await restarts_evse(csms, station)
    await charging.assert_charged(csms, reason="ImmediateReset")
    assert (await other.known(csms))["active"] is True


@case("TC_B_42_CSMS", "TC_B_44_CSMS")
@pytest.mark.parametrize("status", ["Accepted", "Failed"], ids=["TC_B_42", "TC_B_44"])
async def test_the_operator_gives_a_station_the_address_of_a_csms(
    csms: System, station: Station, operator: Operator, status: str
) -> None:
    profile = {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": csms.gateways[0],
        "messageTimeout": 30,
        "securityProfile": 1,
        "ocppInterface": "Wired0",
    }
    request = {"configurationSlot": 2, "connectionData": profile}
    command = await operator.tell("SetNetworkProfile", request, {"status": status})
    assert command["payload"] == request
    [logged] = await operator.listed("commands?action=SetNetworkProfile")
    assert logged == command
