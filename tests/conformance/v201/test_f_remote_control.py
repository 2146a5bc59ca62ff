"""F Remote control: a session started from afar (F01, F02), and what comes before it."""

from __future__ import annotations

import pytest

from ..case import case
from ..operator import Asked, Operator
from .visit import ACCEPTED, Json, Visit


async def started_remotely(operator: Operator, visit: Visit, response: Json) -> tuple[Asked, Json]:
    """The operator starts a session, and the station answers. Returns the fields of its next message, too."""
    body = {"idToken": visit.id_token["idToken"], "evseId": 1}
    asked = await operator.remote("start-session", body, "RequestStartTransaction", evseId=1)
    assert asked.command.payload["idToken"] == visit.id_token
    assert isinstance(asked.command.payload["remoteStartId"], int)
    await asked.command.answer(response)
    return asked, {"remoteStartId": asked.command.payload["remoteStartId"]}


async def has_begun(asked: Asked, visit: Visit) -> None:
    """The operator sees that the session is the one that was asked for."""
    outcome, known = await asked.outcome(), await visit.known()
    assert (outcome["status"], outcome["stationStatus"]) == ("accepted", "Accepted")
    assert outcome["result"]["transaction"]["transactionId"] == visit.transaction_id
    assert outcome["result"]["transaction"]["id"] == known["id"]
    assert known["remoteStartId"] == asked.command.payload["remoteStartId"]
    assert (known["idToken"], known["idTokenStatus"]) == (visit.id_token["idToken"], "Accepted")


@case("TC_F_01_CSMS")
async def test_a_remote_start_for_a_vehicle_that_is_plugged_in(operator: Operator, tag: str) -> None:
    visit = Visit(operator, tag)
    await visit.plug_in()
    response = ACCEPTED | {"transactionId": visit.transaction_id}

    asked, info = await started_remotely(operator, visit, response)
    answer = await visit.event("RemoteStart", info=info, idToken=visit.id_token)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    await has_begun(asked, visit)

    await visit.charge()
    known = await visit.known()
    assert (known["active"], known["evseId"], known["chargingState"]) == (True, 1, "Charging")


@pytest.mark.parametrize("authorize_remote_start", [True, False])
@case("TC_F_02_CSMS", "TC_F_03_CSMS")
async def test_a_remote_start_before_the_vehicle_is_plugged_in(
    operator: Operator, tag: str, authorize_remote_start: bool
) -> None:
    visit = Visit(operator, tag)

    asked, info = await started_remotely(operator, visit, ACCEPTED)
    if authorize_remote_start:
        answer = await operator.station.call("Authorize", {"idToken": visit.id_token})
        assert answer["idTokenInfo"]["status"] == "Accepted"
    answer = await visit.event("RemoteStart", info=info, idToken=visit.id_token)
    assert answer["idTokenInfo"]["status"] == "Accepted"
    await has_begun(asked, visit)

    await visit.plug_in()
    await visit.charge()
    known = await visit.known()
    assert (known["active"], known["evseId"], known["chargingState"]) == (True, 1, "Charging")


@case("TC_F_04_CSMS")
async def test_nobody_plugs_in_after_a_remote_start(operator: Operator, tag: str) -> None:
    visit = Visit(operator, tag)
    asked, info = await started_remotely(operator, visit, ACCEPTED)
    await visit.event("RemoteStart", info=info, idToken=visit.id_token)
    await has_begun(asked, visit)

    assert await visit.event("EVConnectTimeout") == {}
    assert (await visit.known())["active"]
    assert await visit.event("EVConnectTimeout", "Ended", {"stoppedReason": "Timeout"}) == {}

    known = await visit.known()
    assert (known["active"], known["stoppedReason"]) == (False, "Timeout")


@case("TC_F_06_CSMS")
async def test_a_connector_is_unlocked_from_afar(operator: Operator) -> None:
    command = await operator.tell("UnlockConnector", {"evseId": 1, "connectorId": 1}, {"status": "Unlocked"})

    assert await operator.listed("commands?action=UnlockConnector") == [command]
