"""Block C: groups of tokens, in the local list of a station of OCPP 2.0.1 and as a master pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.station import Station
from tests.e2e.system import System

from ..case import case
from ..operator import Operator
from .events import CHARGES, Charging, Event
from .local_list import changed

Json = dict[str, Any]


def in_group(group: str, status: str = "Accepted") -> Json:
    return {"status": status, "groupIdToken": {"idToken": group, "type": "Central"}}


async def brought(operator: Operator, *id_tokens: str) -> dict[str, Json]:
    """What the CSMS tells the station of each token that the operator puts on its list."""
    operator.station.answers["GetLocalListVersion"] = {"versionNumber": 0}
    payload = await changed(operator, "PUT", {"idTokens": id_tokens})
    assert payload["updateType"] == "Full"
    return {one["idToken"]["idToken"]: one["idTokenInfo"] for one in payload["localAuthorizationList"]}


async def started(charging: Charging, expected: Json) -> None:
    """By a token that the station found in its list: it does not ask first."""
    begin = Event("Started", "Authorized", "Charging", presents_token=True, wh=1_000)
    assert await charging.tell(begin) == {"idTokenInfo": expected}
    await charging.tells(CHARGES)


@case("TC_C_40_CSMS")
async def test_the_local_list_tells_the_group_of_each_token(
    csms: System, station: Station, operator: Operator, name: str
) -> None:
    first, second, group = f"A-{name}", f"B-{name}", f"GROUP-{name}"
    for token in (first, second):
        await csms.token(token, groupIdToken=group)
    statuses = await brought(operator, first, second)
    assert statuses == {first: in_group(group), second: in_group(group)}

    charging = Charging(station, first)
    await started(charging, in_group(group))
    stop = Event("Updated", "StopAuthorized", "EVConnected", presents_token=True)
    assert await charging.tell(stop, second) == {"idTokenInfo": in_group(group)}
    await charging.end("EVCommunicationLost", "Local", "Idle")
    await charging.assert_charged(csms, reason="Local")


@case("TC_C_43_CSMS")
async def test_a_blocked_token_of_the_group_stops_nothing(
    csms: System, station: Station, operator: Operator, name: str
) -> None:
    first, blocked, group = f"A-{name}", f"B-{name}", f"GROUP-{name}"
    await csms.token(first, groupIdToken=group)
    await csms.token(blocked, groupIdToken=group, status="Blocked")
    statuses = await brought(operator, first, blocked)
    assert statuses == {first: in_group(group), blocked: in_group(group, "Blocked")}

    charging = Charging(station, first)
    await started(charging, in_group(group))
    assert await charging.authorize(blocked) == in_group(group, "Blocked")
    assert (await charging.known(csms))["active"] is True
    await charging.end("EVCommunicationLost", "EVDisconnected", "Idle")
    await charging.assert_charged(csms, reason="EVDisconnected")


@case("TC_C_47_CSMS", "TC_C_48_CSMS", "TC_C_49_CSMS")
@pytest.mark.parametrize("stopped", [2, 1, 2], ids=["TC_C_47", "TC_C_48", "TC_C_49"])
async def test_a_master_pass_stops_transactions_of_others(
    csms: System, station: Station, operator: Operator, name: str, stopped: int
) -> None:
    """All of them, or one that was chosen on the display of the station."""
    group = f"MASTER-{name}"
    await csms.token(f"PASS-{name}", groupIdToken=group)
    place = {"component": {"name": "AuthCtrlr"}, "variable": {"name": "MasterPassGroupId"}}
    await operator.tell(
        "SetVariables",
        {"setVariableData": [place | {"attributeValue": group}]},
        {"setVariableResult": [place | {"attributeStatus": "Accepted"}]},
    )
    running = [Charging(station, f"DRIVER{evse_id}-{name}", evse_id) for evse_id in (1, 2)]
    for charging in running:
        await csms.token(charging.id_token)
        await charging.begin()

    assert await running[0].authorize(f"PASS-{name}") == in_group(group)
    for charging in running[:stopped]:
        ended = Event("Ended", "StopAuthorized", "EVConnected", True, 5_000, "MasterPass")
        assert await charging.tell(ended, f"PASS-{name}") == {"idTokenInfo": in_group(group)}

    for charging in running[:stopped]:
        await charging.assert_charged(csms, reason="MasterPass")
    for charging in running[stopped:]:
        known = await charging.known(csms)
        assert (known["active"], known["idToken"]) == (True, charging.id_token)
