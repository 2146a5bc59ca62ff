"""The operator deletes or rejects a station, or gives it another secret: now, not at its next connection."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from .station import Station, booted_station, station
from .system import System
from .test_commands import post

GATEWAYS = pytest.mark.parametrize("gateway", [0, -1], ids=["action", "inbox"])
OLD = "the-old-secret-of-the-station"
NEW = "the-new-secret-of-the-station"


def with_secret(id: str, secret: str | bytes) -> dict[str, Any]:
    """Options of a connection."""
    secret = secret.encode() if isinstance(secret, str) else secret
    return {
        "additional_headers": {"Authorization": "Basic " + b64encode(f"{id}:".encode() + secret).decode()}
    }


async def leaves(connected: Station) -> tuple[int, str]:
    """The close code and reason."""
    with pytest.raises(ConnectionClosed) as closed:
        await connected.receive()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


async def refusal(url: str, id: str, **options: Any) -> int:
    """The HTTP status of a handshake that is refused."""
    with pytest.raises(InvalidStatus) as refused:
        async with station(url, id, **options):
            pass
    return refused.value.response.status_code


async def set_secret(system: System, id: str, secret: str) -> None:
    answer = await system.http.post(
        f"{system.device}/chargingstations/{id}/credentials", json={"secret": secret}
    )
    assert answer.status_code == 201, answer.text


@GATEWAYS
async def test_a_station_that_is_rejected_or_deleted_has_to_leave(
    system: System, cs: str, gateway: int
) -> None:
    url, path = system.gateways[gateway], f"{system.device}/chargingstations/{cs}"
    async with booted_station(url, cs) as connected:
        await system.http.patch(path, json={"registrationStatus": "Rejected"})
        assert await leaves(connected) == (1008, "the charging station has been rejected")

    async with station(url, cs) as connected:
        assert (await connected.boot())["status"] == "Rejected"
        await system.http.patch(path, json={"registrationStatus": "Accepted"})
        assert (await connected.boot())["status"] == "Accepted"
        assert (await system.http.delete(path)).status_code == 204
        assert await leaves(connected) == (1008, "the charging station has been deleted")

    assert await refusal(url, cs) == 404


@GATEWAYS
async def test_the_connection_with_the_old_secret_ends_and_the_one_with_the_new_stays(
    system: System, cs: str, gateway: int
) -> None:
    url = system.gateways[gateway]
    await set_secret(system, cs, OLD)
    async with station(url, cs, **with_secret(cs, OLD)) as older:
        await older.boot()
        await set_secret(system, cs, NEW)
        async with station(url, cs, **with_secret(cs, NEW)) as newer:
            assert (await leaves(older))[0] == 1008
            assert (await newer.call("Heartbeat", {}))["currentTime"]
            assert (await newer.call("Heartbeat", {}))["currentTime"]
    assert await refusal(url, cs, **with_secret(cs, OLD)) == 401


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_a_new_secret_by_command(system: System, cs: str, version: str) -> None:
    """A01: accepted, and the station comes back with it; the old one is not taken any more."""
    url, key = system.gateways[0], "00112233445566778899aabbccddeeff"
    await set_secret(system, cs, OLD)
    if version == "1.6":
        action: str = "ChangeConfiguration"
        payload: Any = {"key": "AuthorizationKey", "value": key}
        refused: Any = {"status": "Rejected"}
        accepted: Any = {"status": "Accepted"}
        secret = bytes.fromhex(key)
    else:
        variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
        action, payload = "SetVariables", {"setVariableData": [variable | {"attributeValue": NEW}]}
        refused = {"setVariableResult": [variable | {"attributeStatus": "Rejected"}]}
        accepted = {"setVariableResult": [variable | {"attributeStatus": "Accepted"}]}
        secret = NEW.encode()

    async with station(url, cs, version, **with_secret(cs, OLD)) as connected:
        await connected.boot()
        for response in (refused, accepted):
            connected.answers[action] = response
            assert (await post(system, cs, action, payload)).json()["status"] == "answered"
            is_new = response is accepted
            known, other = (secret, OLD) if is_new else (OLD, secret)
            assert await refusal(url, cs, version=version, **with_secret(cs, other)) == 401
            if is_new:
                async with station(url, cs, version, **with_secret(cs, known)) as again:
                    assert (await again.call("Heartbeat", {}))["currentTime"]
    assert await refusal(url, cs, version=version) == 401


async def test_a_station_that_took_the_secret_but_did_not_answer(system: System, cs: str) -> None:
    url = system.gateways[0]
    await set_secret(system, cs, OLD)
    variable = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    payload = {"setVariableData": [variable | {"attributeValue": NEW}]}
    async with station(url, cs, **with_secret(cs, OLD)) as connected:
        await connected.boot()
        posting = asyncio.create_task(post(system, cs, "SetVariables", payload))
        await connected.expect("SetVariables")
        await connected.websocket.close()
        answer = await posting
        assert (answer.status_code, answer.json()["commandStatus"]) == (504, "unknown")

    async with station(url, cs, **with_secret(cs, NEW)) as connected:
        assert (await connected.call("Heartbeat", {}))["currentTime"]
    assert await refusal(url, cs, **with_secret(cs, OLD)) == 401
