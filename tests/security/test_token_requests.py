"""Requests with identity tokens: what their senders may do, and how often they may fail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from libs.csms.access.callers import TheCaller
from libs.csms.access.identity import Identity
from libs.csms.access.keys import Keys
from libs.csms.access.routes import ScopedRouter
from libs.csms.access.scopes import Role, Scope
from libs.csms.access.token_callers import IAP_HEADER, IAP_KEYS, IdentityTokens
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.web.app import create_app
from libs.csms.web.guard import Guard

from .token_issuer import AUDIENCE, DISCOVERY, ISSUER, TokenIssuer

API_TOKEN = "0123456789abcdef"
OIDC = {"oidc_issuer": ISSUER, "oidc_audience": AUDIENCE}
IAP = {"iap_audience": "/projects/1/backend", "iap_roles": "*@example.com=viewer"}
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def issuer() -> TokenIssuer:
    return TokenIssuer()


@pytest.fixture
async def keys(tmp_path: Any, issuer: TokenIssuer) -> AsyncIterator[Keys]:
    store = SqliteStore(tmp_path / "csms.db")
    yield Keys.of(store, issuer.clock)
    await store.close()


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Api:
    """One path to read and one to write, behind guard and identity."""

    def __init__(self, issuer: TokenIssuer, keys: Keys | None = None, **flags: Any) -> None:
        router = ScopedRouter(Scope.STATIONS_READ, Scope.STATIONS_WRITE)

        @router.get("/things")
        async def things(caller: TheCaller) -> str:
            return f"{caller.kind} {caller.id}"

        @router.post("/things")
        async def make() -> str:
            return "made"

        settings, self.time = load(**flags), Time()
        tokens = IdentityTokens.of(settings, issuer.clock, issuer.transport)
        app = create_app("Things", router, load())
        self._app: ASGIApp = Guard(Identity(app, settings, keys, {}, self.time, tokens), settings, self.time)

    @asynccontextmanager
    async def client(self, address: str = HERE) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self._app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            yield http

    async def get(self, bearer: str = "", address: str = HERE, assertion: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        headers |= {IAP_HEADER: assertion} if assertion else {}
        async with self.client(address) as http:
            return await http.get("/things", headers=headers)


async def test_a_person_may_do_what_the_role_allows(issuer: TokenIssuer) -> None:
    api = Api(issuer, **OIDC)
    read = await api.get(issuer.token(roles="viewer"))
    async with api.client() as http:
        write = await http.post(
            "/things", headers={"Authorization": f"Bearer {issuer.token(roles='viewer')}"}
        )

    assert (read.status_code, read.json()) == (200, "person oidc:alice")
    assert (write.status_code, write.json()["missingScope"]) == (403, "stations:write")


async def test_a_person_without_a_role_is_told_so_and_has_not_failed(issuer: TokenIssuer) -> None:
    api = Api(issuer, **OIDC)
    answers = [await api.get(issuer.token(roles="cook")) for _ in range(30)]

    assert {answer.status_code for answer in answers} == {403}
    assert answers[0].headers["Content-Type"] == "application/problem+json"
    assert answers[0].json()["detail"].startswith("you have no role here: the claim roles")
    assert (await api.get(issuer.token())).status_code == 200


async def test_a_forged_token_is_slowed_down_and_no_other_one(
    issuer: TokenIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    api, forged = Api(issuer, **OIDC), issuer.token()[:-8] + "AAAAAAAA"
    statuses = [(await api.get(forged)).status_code for _ in range(12)]
    refused = await api.get(issuer.token()[:-8] + "BBBBBBBB")

    assert statuses == [401] * 10 + [429] * 2
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert refused.json()["detail"] == "the identity token does not count here"
    assert (await api.get(issuer.token())).status_code == 200
    assert "address 192.0.2.1: an identity token was wrong: its signature is wrong" in caplog.messages
    assert forged.split(".")[1] not in caplog.text


async def test_an_address_that_forges_many_tokens_has_to_wait(issuer: TokenIssuer) -> None:
    api, right = Api(issuer, **OIDC), issuer.token()
    before = await api.get(right)
    statuses = [
        (await api.get(f"{issuer.token(sub=str(number))[:-8]}AAAAAAAA")).status_code for number in range(61)
    ]

    assert (before.status_code, statuses[:60], statuses[60]) == (200, [401] * 60, 429)
    assert (await api.get(right)).status_code == 200
    assert (await api.get(issuer.token(sub="bob"))).status_code == 429
    assert (await api.get(issuer.token(sub="bob"), ELSEWHERE)).status_code == 200
    api.time.now += 60
    assert (await api.get(issuer.token(sub="bob"))).status_code == 200


async def test_a_token_that_has_expired_is_no_guess(issuer: TokenIssuer) -> None:
    api, text = Api(issuer, **OIDC), issuer.token()
    issuer.clock.now = issuer.clock.now.replace(hour=13)
    answers = [await api.get(text) for _ in range(30)]

    assert {answer.status_code for answer in answers} == {401}
    assert answers[0].json()["detail"] == "the identity token has expired"


async def test_while_the_issuer_cannot_be_reached_nobody_is_refused_for_good(issuer: TokenIssuer) -> None:
    issuer.answers[DISCOVERY] = lambda: httpx.Response(500)
    api = Api(issuer, **OIDC)
    answers = [await api.get(issuer.token()) for _ in range(20)]

    assert {answer.status_code for answer in answers} == {503}
    assert answers[0].headers["Retry-After"] == "60"
    assert issuer.asked == [DISCOVERY]


async def test_on_loopback_everybody_needs_a_key_once_an_issuer_is_set(issuer: TokenIssuer) -> None:
    for flags in (OIDC, IAP):
        assert (await Api(issuer, **flags).get(address="127.0.0.1")).status_code == 401
    assert (await Api(issuer).get(address="127.0.0.1")).status_code == 200


async def test_keys_and_the_api_token_count_beside_identity_tokens(issuer: TokenIssuer, keys: Keys) -> None:
    new = await keys.create("billing", "local", Role.VIEWER)
    api = Api(issuer, keys, api_token=API_TOKEN, **OIDC)
    answers = [(await api.get(each)).json() for each in (new.text, API_TOKEN, issuer.token())]

    assert answers == [f"key {new.key.id}", "token api-token", "person oidc:alice"]
    assert (await api.get("0123456789abcdeF")).status_code == 401


async def test_a_caller_who_asks_too_often_has_to_wait(issuer: TokenIssuer) -> None:
    api = Api(issuer, requests_per_second=1, **OIDC)
    statuses = [(await api.get(issuer.token(), f"192.0.2.{number}")).status_code for number in range(12)]
    assert statuses == [200] * 10 + [429] * 2


async def test_the_assertion_of_the_proxy_is_a_person(issuer: TokenIssuer) -> None:
    answer = await Api(issuer, **IAP).get(assertion=issuer.assertion())
    assert (answer.status_code, answer.json()) == (200, "person iap:alice@example.com")
    assert issuer.asked == [IAP_KEYS]


async def test_an_assertion_says_nothing_where_no_proxy_is_set(issuer: TokenIssuer) -> None:
    assert (await Api(issuer, **OIDC).get(assertion=issuer.assertion())).status_code == 401
    assert issuer.asked == []


async def test_an_assertion_is_no_bearer_and_a_bearer_no_assertion(issuer: TokenIssuer) -> None:
    api = Api(issuer, **IAP, **OIDC)
    assert (await api.get(issuer.assertion())).status_code == 401
    assert (await api.get(assertion=issuer.token())).status_code == 401


async def test_a_key_counts_more_than_the_assertion_and_that_more_than_a_token(
    issuer: TokenIssuer, keys: Keys
) -> None:
    new = await keys.create("billing", "local", Role.VIEWER)
    api = Api(issuer, keys, **IAP, **OIDC)
    assertion = issuer.assertion()

    assert (await api.get(new.text, assertion=assertion)).json() == f"key {new.key.id}"
    assert (await api.get("csms_0_" + "A" * 43, assertion=assertion)).status_code == 401
    assert (await api.get(issuer.token(), assertion=assertion)).json() == "person iap:alice@example.com"
    assert (await api.get(issuer.token(), assertion="forged")).status_code == 401


async def test_the_apis_of_the_services_take_these_tokens(issuer: TokenIssuer) -> None:
    """``create_app`` sets it up: on loopback, nothing passes without a token any more."""
    app = create_app("Things", ScopedRouter(Scope.STATIONS_READ), load(**OIDC))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        answers = [
            (await http.get("/things", headers=headers)).json()["detail"]
            for headers in ({}, {"Authorization": f"Bearer {issuer.token(iss='https://other.example')}"})
        ]
    assert answers == ["a key is needed, as the bearer", "the identity token does not count here"]
