"""Limits before cost: what a client gets that asks too often, or guesses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import APIRouter
from starlette.types import ASGIApp

from libs.csms.access.identity import Identity
from libs.csms.settings import Settings, load
from libs.csms.web.app import create_app
from libs.csms.web.guard import BURST_SECONDS, Guard
from libs.csms.web.server import IN_PROCESS

TOKEN = "0123456789abcdef"
RIGHT = {"Authorization": f"Bearer {TOKEN}"}
WRONG = {"Authorization": "Bearer 0123456789abcdeF"}
HERE, ELSEWHERE, LOOPBACK = "192.0.2.1", "192.0.2.2", "127.0.0.1"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Api:
    """An API behind its guard, asked from any address."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        router = APIRouter()

        @router.get("/thing")
        async def thing() -> str:
            return "a thing"

        app = create_app("Things", router, load(requests_per_second=10**9))
        self._app: ASGIApp = Guard(Identity(app, settings, None, {}, clock), settings, clock)

    async def get(
        self, address: str, headers: dict[str, str] | None = None, path: str = "/thing"
    ) -> httpx.Response:
        async with self._client(address) as http:
            return await http.get(path, headers=headers)

    async def statuses(self, address: str, headers: dict[str, str] | None, times: int) -> list[int]:
        async with self._client(address) as http:
            return [(await http.get("/thing", headers=headers)).status_code for _ in range(times)]

    @asynccontextmanager
    async def _client(self, address: str) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self._app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            yield http


async def test_an_address_that_asks_too_often_is_told_when_to_come_back(clock: Clock) -> None:
    api = Api(load(requests_per_second=2), clock)
    burst = 2 * BURST_SECONDS

    assert await api.statuses(HERE, None, burst + 3) == [200] * burst + [429] * 3
    refused = await api.get(HERE)
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.headers["Retry-After"] == "1"
    assert (await api.get(HERE, path="/healthz")).status_code == 200
    assert (await api.get(ELSEWHERE)).status_code == 200
    clock.now += 1
    assert await api.statuses(HERE, None, 3) == [200, 200, 429]


async def test_a_caller_who_asks_too_often_from_many_addresses_is_one_caller(clock: Clock) -> None:
    api = Api(load(requests_per_second=1, api_token=TOKEN), clock)

    statuses = [(await api.get(f"192.0.2.{number}", RIGHT)).status_code for number in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    assert (await api.get("198.51.100.1")).status_code == 401


@pytest.mark.parametrize("address", [LOOPBACK, "::1", IN_PROCESS])
async def test_programs_on_this_machine_ask_as_often_as_they_like(clock: Clock, address: str) -> None:
    api = Api(load(requests_per_second=1, api_token=TOKEN), clock)

    assert await api.statuses(address, RIGHT, 50) == [200] * 50


@pytest.mark.parametrize("address", [HERE, LOOPBACK])
async def test_whoever_guesses_tokens_has_to_wait_and_nobody_else(clock: Clock, address: str) -> None:
    api = Api(load(api_token=TOKEN), clock)

    assert await api.statuses(address, WRONG, 12) == [401] * 10 + [429] * 2
    refused = await api.get(address, RIGHT)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert (await api.get(ELSEWHERE, RIGHT)).status_code == 200
    assert (await api.get(IN_PROCESS, RIGHT)).status_code == 200
    assert (await api.get(address, path="/healthz")).status_code == 200
    clock.now += 60
    assert (await api.get(address, RIGHT)).status_code == 200


async def test_an_address_that_a_client_names_itself_is_not_believed(clock: Clock) -> None:
    api = Api(load(api_token=TOKEN), clock)

    statuses = [
        (await api.get(HERE, WRONG | {"X-Forwarded-For": f"10.0.0.{number}"})).status_code
        for number in range(12)
    ]
    assert statuses == [401] * 10 + [429] * 2


async def test_whoever_shows_no_token_guesses_none(clock: Clock) -> None:
    api = Api(load(api_token=TOKEN), clock)

    assert await api.statuses(HERE, None, 30) == [401] * 30
    assert (await api.get(HERE, RIGHT)).status_code == 200


async def test_a_wrong_token_is_in_the_log_without_the_token(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    api = Api(load(api_token=TOKEN), clock)
    await api.statuses(HERE, WRONG, 30)

    [*lines] = [record.getMessage() for record in caplog.records if "bearer token" in record.getMessage()]
    assert lines == [f"address {HERE}: a bearer token was wrong"] * 10
