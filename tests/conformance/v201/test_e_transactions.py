"""Block E: where a transaction of OCPP 2.0.1 starts and ends, told by TransactionEvents."""

from __future__ import annotations

import pytest

from tests.e2e.sessions import at
from tests.e2e.station import Station
from tests.e2e.system import System

from ..case import case
from ..operator import Operator
from .events import CHARGES, Charging, Event

PLUG, AUTHORIZE = "plug in", "authorize"
PLUGGED = Event("Updated", "CablePluggedIn", "EVConnected")
AUTHORIZED = Event("Updated", "Authorized", "EVConnected", presents_token=True)
STOP_AUTHORIZED = Event("Updated", "StopAuthorized", "EVConnected", presents_token=True)
SUSPENDED = Event("Updated", "ChargingStateChanged", "SuspendedEV")
SIGNED = {
    "signedMeterData": "c2lnbmVk",
    "signingMethod": "ECDSA-secp256r1-SHA256",
    "encodingMethod": "OCMF",
    "publicKey": "a2V5",
}
SIGNED_VALUE = {"value": 1_000, "context": "Transaction.Begin", "signedMeterValue": SIGNED}


def started(trigger: str, state: str | None, presents_token: bool = True) -> Event:
    return Event("Started", trigger, state, presents_token, wh=1_000)


STARTS: dict[str, list[str | Event]] = {
    "TC_E_01": [PLUG, AUTHORIZE, started("Authorized", "EVConnected"), CHARGES],
    "TC_E_02": [PLUG, AUTHORIZE, started("ChargingStateChanged", "Charging")],
    "TC_E_03": [PLUG, started("CablePluggedIn", "EVConnected", False), AUTHORIZE, AUTHORIZED, CHARGES],
    "TC_E_04": [AUTHORIZE, started("Authorized", "Idle"), PLUG, PLUGGED, CHARGES],
    "TC_E_09": [PLUG, started("CablePluggedIn", "EVConnected", False), AUTHORIZE, AUTHORIZED, CHARGES],
    "TC_E_10": [AUTHORIZE, started("Authorized", None), PLUG, PLUGGED, CHARGES],
    "TC_E_12": [started("EVDetected", "Idle", False), PLUG, PLUGGED, AUTHORIZE, AUTHORIZED, CHARGES],
    "TC_E_38": [AUTHORIZE, started("Authorized", "Idle"), PLUG, PLUGGED, SUSPENDED],
}


@case(
    "TC_E_01_CSMS",
    "TC_E_02_CSMS",
    "TC_E_03_CSMS",
    "TC_E_04_CSMS",
    "TC_E_09_CSMS",
    "TC_E_10_CSMS",
    "TC_E_12_CSMS",
    "TC_E_38_CSMS",
)
@pytest.mark.parametrize("steps", STARTS.values(), ids=STARTS)
async def test_a_transaction_starts_where_the_station_says_so(
    csms: System, station: Station, tag: str, steps: list[str | Event]
) -> None:
    charging = Charging(station, tag)
    for step in steps:
        match step:
            case Event():
                await charging.tells(step)
            case "authorize":
                assert await charging.authorize() == {"status": "Accepted"}
            case _:
                await charging.connector("Occupied")

    known = await charging.known(csms)
    expected = {
        "active": True,
        "chargingState": steps[-1].state if isinstance(steps[-1], Event) else None,
        "idToken": tag,
        "idTokenType": "ISO14443",
        "idTokenStatus": "Accepted",
        "evseId": 1,
        "connectorId": 1,
        "startedAt": at(0).replace("Z", ".000Z"),
        "meterStartWh": 1_000,
        "missingSeqNos": [],
        "warnings": [],
    }
    assert {name: known.get(name) for name in expected} == expected
    [connector] = (await csms.status(station.id))["connectors"]
    assert connector["status"] == "Occupied"


@case("TC_E_11_CSMS")
async def test_a_transaction_starts_with_a_signed_meter_value(
    csms: System, station: Station, tag: str
) -> None:
    charging = Charging(station, tag)
    await charging.connector("Occupied")
    assert await charging.authorize() == {"status": "Accepted"}
    signed = {"meterValue": [{"timestamp": at(0), "sampledValue": [SIGNED_VALUE]}]}
    await charging.tells(
        Event("Started", "SignedDataReceived", "EVConnected", presents_token=True, more=signed), CHARGES
    )

    known = await charging.known(csms)
    assert (known["active"], known["chargingState"], known["meterStartWh"]) == (True, "Charging", 1_000)
    [first, _] = await csms.meter_values(known["id"])
    assert (first["value"], first["signedMeterValue"]) == (1_000, SIGNED)


STOPS = {
    "TC_E_07": [Event("Ended", "StopAuthorized", "EVConnected", True, 5_000, "Local")],
    "TC_E_08": [Event("Ended", "StopAuthorized", "EVConnected", True, 5_000, "Local")],
    "TC_E_14": [STOP_AUTHORIZED, Event("Ended", "EVCommunicationLost", "Idle", False, 5_000, "Local")],
    "TC_E_15": [Event("Ended", "StopAuthorized", "EVConnected", True, 5_000, "Local")],
    "TC_E_17": [
        SUSPENDED,
        Event("Ended", "EVCommunicationLost", "Idle", False, 5_000, "EVDisconnected"),
    ],
    "TC_E_19": [
        STOP_AUTHORIZED,
        Event("Updated", "EVCommunicationLost", "Idle"),
        Event("Ended", "EVDeparted", "Idle", False, 5_000, "Local"),
    ],
    "TC_E_20": [
        SUSPENDED,
        Event("Ended", "EVCommunicationLost", "Idle", False, 5_000, "EVDisconnected"),
    ],
    "TC_E_22": [Event("Ended", "ChargingStateChanged", "SuspendedEV", False, 5_000, "StoppedByEV")],
}


@case(
    "TC_E_07_CSMS",
    "TC_E_08_CSMS",
    "TC_E_14_CSMS",
    "TC_E_15_CSMS",
    "TC_E_17_CSMS",
    "TC_E_19_CSMS",
    "TC_E_20_CSMS",
    "TC_E_22_CSMS",
)
@pytest.mark.parametrize("events", STOPS.values(), ids=STOPS)
async def test_a_transaction_ends_where_the_station_says_so(
    csms: System, station: Station, tag: str, events: list[Event]
) -> None:
    charging = Charging(station, tag)
    await charging.begin()
    await charging.tells(*events)
    await charging.connector("Available")

    await charging.assert_charged(csms, reason=str(events[-1].reason))
    known = await charging.known(csms)
    assert known["chargingState"] == events[-1].state
    assert known["endedAt"] == at(len(events)).replace("Z", ".000Z")
    [connector] = (await csms.status(station.id))["connectors"]
    assert connector["status"] == "Available"


@case("TC_E_16_CSMS")
@pytest.mark.parametrize("first", ["Started", "Updated"])
async def test_a_station_is_told_that_the_token_is_invalid_and_ends_the_transaction(
    csms: System, station: Station, name: str, first: str
) -> None:
    """It began without asking, as a station does that was offline, or before the token was shown."""
    await csms.token(f"BAD-{name}", status="Invalid")
    charging = Charging(station, f"BAD-{name}")
    if first == "Updated":
        await charging.tells(started("CablePluggedIn", "EVConnected", presents_token=False))
    shown = Event(first, "Authorized", "Charging", presents_token=True, wh=1_000, more={"offline": True})
    assert await charging.tell(shown) == {"idTokenInfo": {"status": "Invalid"}}
    await charging.tells(Event("Updated", "Deauthorized", "SuspendedEVSE"))
    await charging.end("Deauthorized", "DeAuthorized")

    await charging.assert_charged(csms, reason="DeAuthorized")
    known = await charging.known(csms)
    assert (known["idTokenStatus"], known["offline"]) == ("Invalid", True)


@case("TC_E_39_CSMS")
async def test_a_transaction_ends_when_no_vehicle_comes(csms: System, station: Station, tag: str) -> None:
    charging = Charging(station, tag)
    assert await charging.authorize() == {"status": "Accepted"}
    await charging.tells(
        started("Authorized", "Idle"),
        Event("Ended", "EVConnectTimeout", "Idle", wh=1_000, reason="Timeout"),
    )

    known = await charging.known(csms)
    assert (known["active"], known["stoppedReason"], known["warnings"]) == (False, "Timeout", [])
    assert (known["energyWh"], known["idToken"]) == (0, tag)


@case("TC_E_21_CSMS")
async def test_the_operator_stops_a_transaction(
    csms: System, station: Station, operator: Operator, tag: str
) -> None:
    charging = Charging(station, tag)
    await charging.begin()
    request = {"transactionId": charging.transaction_id}
    await operator.tell("RequestStopTransaction", request, {"status": "Accepted"})
    await charging.end("RemoteStop", "Remote")
    await charging.connector("Available")

    await charging.assert_charged(csms, reason="Remote")


@case("TC_E_26_CSMS")
async def test_a_transaction_outlives_the_loss_of_the_cable_at_the_vehicle(
    csms: System, station: Station, tag: str
) -> None:
    charging = Charging(station, tag)
    await charging.begin()
    await charging.tells(Event("Updated", "EVCommunicationLost", "Idle", wh=2_000))
    known = await charging.known(csms)
    assert (known["active"], known["chargingState"]) == (True, "Idle")

    await charging.tells(PLUGGED, CHARGES._replace(wh=2_000))
    known = await charging.known(csms)
    assert (known["active"], known["chargingState"], known["energyWh"]) == (True, "Charging", 1_000)

    await charging.end("StopAuthorized", "Local")
    await charging.assert_charged(csms, reason="Local")


@case("TC_E_53_CSMS")
async def test_each_transaction_counts_its_events_from_zero(csms: System, station: Station, tag: str) -> None:
    charged = [Charging(station, tag) for _ in range(2)]
    for charging in charged:
        await charging.begin()
        await charging.tells(CHARGES._replace(wh=2_000))
        await charging.end("StopAuthorized", "Local")

    for charging in charged:
        await charging.assert_charged(csms, reason="Local")
    assert len(await csms.transactions(station.id)) == 2
