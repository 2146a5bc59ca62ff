"""Block C: who may charge at a station of OCPP 2.0.1."""

from __future__ import annotations

import pytest

from tests.e2e.station import Station
from tests.e2e.system import System

from ..case import case
from ..operator import Operator
from .events import CHARGES, Charging, Event

PAST = "2020-01-01T00:00:00.000Z"
REFUSED: dict[str, tuple[dict[str, str] | None, dict[str, str]]] = {
    "TC_C_02 unknown": (None, {"status": "Unknown"}),
    "TC_C_02 invalid": ({"status": "Invalid"}, {"status": "Invalid"}),
    "TC_C_06": ({"status": "Blocked"}, {"status": "Blocked"}),
    "TC_C_07": ({"expiryDateTime": PAST}, {"status": "Expired", "cacheExpiryDateTime": PAST}),
}


@case("TC_C_02_CSMS", "TC_C_06_CSMS", "TC_C_07_CSMS")
@pytest.mark.parametrize(("token", "expected"), REFUSED.values(), ids=REFUSED)
async def test_a_token_that_may_not_charge(
    csms: System,
    station: Station,
    name: str,
    token: dict[str, str] | None,
    expected: dict[str, str],
) -> None:
    if token is not None:
        await csms.token(f"BAD-{name}", **token)

    assert await Charging(station, f"BAD-{name}").authorize() == expected
    assert await csms.transactions(station.id) == []


@case("TC_C_08_CSMS")
async def test_a_token_from_the_cache_of_the_station_is_checked_when_it_charges(
    csms: System, station: Station, tag: str
) -> None:
    earlier = Charging(station, tag)
    assert await earlier.authorize() == {"status": "Accepted"}

    charging = Charging(station, tag)
    await charging.connector("Occupied")
    await charging.tells(
        Event("Started", "Authorized", "EVConnected", presents_token=True, wh=1_000), CHARGES
    )
    assert (await charging.known(csms))["idTokenStatus"] == "Accepted"
    await charging.end("StopAuthorized", "Local")
    await charging.assert_charged(csms, reason="Local")


@case("TC_C_20_CSMS")
async def test_a_token_that_has_become_invalid_is_refused_though_the_cache_knows_it(
    csms: System, station: Station, tag: str
) -> None:
    charging = Charging(station, tag)
    assert await charging.authorize() == {"status": "Accepted"}
    changed = await csms.http.patch(f"{csms.user}/idtokens/{tag}", json={"status": "Invalid"})
    assert changed.status_code == 200, changed.text

    started = Event("Started", "Authorized", "EVConnected", presents_token=True, wh=1_000)
    assert await charging.tell(started) == {"idTokenInfo": {"status": "Invalid"}}
    assert (await charging.known(csms))["idTokenStatus"] == "Invalid"
    await charging.tells(Event("Ended", "Deauthorized", "EVConnected", wh=1_000, reason="DeAuthorized"))
    known = await charging.known(csms)
    assert (known["active"], known["stoppedReason"], known["energyWh"]) == (False, "DeAuthorized", 0)
    assert await charging.authorize() == {"status": "Invalid"}


@case("TC_C_37_CSMS", "TC_C_38_CSMS")
@pytest.mark.parametrize("status", ["Accepted", "Rejected"], ids=["TC_C_37", "TC_C_38"])
async def test_the_operator_clears_the_cache(operator: Operator, status: str) -> None:
    cleared = await operator.tell("ClearCache", {}, {"status": status})
    [logged] = await operator.listed("commands?action=ClearCache")
    assert logged == cleared


@case("TC_C_39_CSMS")
async def test_one_token_of_a_group_stops_what_another_started(
    csms: System, station: Station, name: str
) -> None:
    group = f"GROUP-{name}"
    first, second = f"A-{name}", f"B-{name}"
    for token in (first, second):
        await csms.token(token, groupIdToken=group)
    accepted = {"status": "Accepted", "groupIdToken": {"idToken": group, "type": "Central"}}

    charging = Charging(station, first)
    assert await charging.authorize() == accepted
    started = Event("Started", "Authorized", "Charging", presents_token=True, wh=1_000)
    assert await charging.tell(started) == {"idTokenInfo": accepted}
    assert await charging.authorize(second) == accepted
    stop = Event("Updated", "StopAuthorized", "EVConnected", presents_token=True)
    assert await charging.tell(stop, second) == {"idTokenInfo": accepted}
    await charging.end("EVCommunicationLost", "Local", "Idle")

    await charging.assert_charged(csms, reason="Local")
    assert (await charging.known(csms))["idTokenStatus"] == "Accepted"
