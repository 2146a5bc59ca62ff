from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from services.simulator.options import Simulation
from services.simulator.simulation import RegistrationFailed, register, rest_client

SIMULATION = Simulation(
    stations=3,
    register="http://device",
    register_token="http://user/",
    api_token="0123456789abcdef",
    password="a password of twenty",
)


def answering(status: int, seen: list[tuple[str, Any]]) -> httpx.AsyncClient:
    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((str(request.url), json.loads(request.content)))
        return httpx.Response(status, text="because")

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


@pytest.mark.parametrize("status", [201, 409])
async def test_the_stations_their_password_and_the_token_are_registered(status: int) -> None:
    seen: list[tuple[str, Any]] = []
    async with answering(status, seen) as rest:
        await register(SIMULATION, rest)

    assert seen[0] == (
        "http://user/idtokens",
        {
            "idToken": SIMULATION.id_tag,
            "type": "ISO14443",
            "status": "Accepted",
            "maxActiveTransactions": 0,
        },
    )
    ids = ["SIM00000", "SIM00001", "SIM00002"]
    assert sorted(b["id"] for u, b in seen if u == "http://device/chargingstations") == ids
    assert len([b for u, b in seen if u.endswith("/credentials") and b["secret"]]) == 3


async def test_a_refused_registration_says_why() -> None:
    async with answering(422, []) as rest:
        with pytest.raises(RegistrationFailed, match="HTTP 422 because"):
            await register(Simulation(register_token="http://user"), rest)


async def test_a_refused_station_is_one_error_however_many_are_refused() -> None:
    async with answering(500, []) as rest:
        with pytest.raises(RegistrationFailed, match="chargingstations: HTTP 500"):
            await register(Simulation(register="http://device"), rest)


async def test_nothing_is_registered_where_no_address_is_given() -> None:
    seen: list[tuple[str, Any]] = []
    async with answering(201, seen) as rest:
        await register(Simulation(), rest)

    assert seen == []


async def test_the_api_token_is_sent_and_no_secret_is_shown() -> None:
    async with rest_client(SIMULATION) as rest:
        assert rest.headers["Authorization"] == "Bearer 0123456789abcdef"
    assert "0123456789abcdef" not in repr(SIMULATION)
    assert "twenty" not in repr(SIMULATION)
