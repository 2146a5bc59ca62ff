"""How tokens that are not registered are answered, by their type, and an authorizer outside of the CSMS."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from libs.csms.clients.authorization import Authorization
from libs.csms.clock import rfc3339
from libs.csms.settings import Settings
from libs.ocpp_messages.version import Version
from services.user.service import User
from services.user.tokens.authorizer import MAX_ANSWER, MAX_CONCURRENT, Authorizer, client_of
from services.user.tokens.policies import PolicyBody

from .moment import NOW
from .test_authorize import caching, info, known, tag
from .world import user_client

ACCEPTED = ["Central", "DirectPayment", "Local", "NoAuthorization"]
KNOWN = ["eMAID", "EVCCID", "ISO14443", "ISO15693", "KeyCode", "MacAddress", "VIN"]
URL = "https://billing.example/authorize"

Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]


async def put(user: User, type_: Any, policy: Any, fallback: Any = "known") -> None:
    await user.tokens.policies.put(type_, PolicyBody(policy=policy, fallback=fallback), can_ask=True)


@pytest.mark.parametrize("type_", ACCEPTED)
async def test_what_others_have_authorized_is_accepted_by_default(user: User, type_: str) -> None:
    for spelled in (type_, type_.upper()):
        assert (await user.authorize("anything", spelled)).status == "Accepted"


@pytest.mark.parametrize("type_", [*KNOWN, "SomethingElse"])
async def test_of_other_types_only_registered_tokens_charge_by_default(user: User, type_: str) -> None:
    await known(user, "registered", type=type_)

    assert (await user.authorize("registered", type_)).status == "Accepted"
    assert (await user.authorize("unknown", type_)).status == "Unknown"


async def test_the_default_policies_are_listed(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/authorizationpolicies")).json()["items"]

    assert {one["type"] for one in listed if one["policy"] == "accept"} == set(ACCEPTED)
    assert {one["type"] for one in listed if one["policy"] == "known"} == set(KNOWN)


async def test_a_policy_is_changed_while_the_service_runs(user: User, client: httpx.AsyncClient) -> None:
    for type_, policy, status in (("eMAID", "accept", "Accepted"), ("Central", "known", "Unknown")):
        changed = await client.put(f"/authorizationpolicies/{type_}", json={"policy": policy})

        assert changed.json() == {"type": type_, "policy": policy, "fallback": "known"}
        assert (await client.get(f"/authorizationpolicies/{type_}")).json() == changed.json()
        assert (await user.authorize("anything", type_)).status == status


@pytest.mark.parametrize(
    ("type_", "body", "status"),
    [
        ("Fob", {"policy": "accept"}, 422),
        ("emaid", {"policy": "accept"}, 422),
        ("eMAID", {"policy": "refuse"}, 422),
        ("eMAID", {}, 422),
        ("eMAID", {"policy": "ask", "fallback": "ask"}, 422),
        ("eMAID", {"policy": "known", "colour": "red"}, 422),
        ("eMAID", {"policy": "ask"}, 409),
    ],
)
async def test_what_is_no_policy_is_refused(
    client: httpx.AsyncClient, type_: str, body: Any, status: int
) -> None:
    before = (await client.get("/authorizationpolicies")).json()

    assert (await client.put(f"/authorizationpolicies/{type_}", json=body)).status_code == status

    assert (await client.get("/authorizationpolicies")).json() == before


@pytest.mark.parametrize(
    ("policy", "of_another_type"), [("accept", "Blocked"), ("known", "Unknown"), ("ask", "Blocked")]
)
async def test_a_registered_token_that_may_not_charge_does_not_under_any_policy(
    user: User, policy: str, of_another_type: str
) -> None:
    await put(user, "Central", policy, "accept")
    user = asking(user, accepting)
    await known(user, "blocked", type="Central", status="Blocked")
    await known(user, "expired", type="Central", expiry_date_time=NOW)
    await known(user, "card", type="ISO14443", status="Blocked")

    assert (await user.authorize("blocked", "Central")).status == "Blocked"
    assert (await user.authorize("expired", "Central")).status == "Expired"
    assert (await user.authorize("card", "Central")).status == of_another_type
    assert asked == []


async def test_a_station_of_1_6_names_no_type_so_that_of_cards_counts(user: User) -> None:
    assert (await tag(user, "NEW"))["status"] == "Invalid"
    await put(user, "ISO14443", "accept")
    assert (await tag(user, "NEW"))["status"] == "Accepted"


async def test_what_is_accepted_unknown_is_not_cached_forever(user: User) -> None:
    hour = timedelta(hours=1)
    answer = await info(caching(user, hour), "C-1", "Central")

    assert answer == {"status": "Accepted", "cacheExpiryDateTime": rfc3339(NOW + hour)}


async def test_an_empty_text_is_no_token(user: User) -> None:
    assert (await info(user, "", "ISO14443"))["status"] == "Unknown"
    await put(user, "NoAuthorization", "known")
    assert (await info(user, "", "NoAuthorization"))["status"] == "Unknown"


asked: list[httpx.Request] = []


@pytest.fixture(autouse=True)
async def nothing_asked() -> AsyncIterator[None]:
    asked.clear()
    yield


async def accepting(request: httpx.Request) -> httpx.Response:
    asked.append(request)
    return httpx.Response(200, json={"status": "Accepted"})


def asking(user: User, answer: Answer, timeout: float = 3) -> User:
    """The same user service with an authorizer that answers so."""
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return replace(user, tokens=replace(user.tokens, authorizer=Authorizer(client, URL, timeout)))


def saying(content: Any, status: int = 200) -> Answer:
    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, content=content if isinstance(content, bytes) else json.dumps(content))

    return answer


@pytest.mark.parametrize("version", list(Version))
async def test_the_authorizer_decides(user: User, version: Version) -> None:
    await put(user, "ISO14443", "ask")
    until = rfc3339(NOW + timedelta(hours=1))
    reply = {"status": "NoCredit", "cacheExpiryDateTime": until, "groupIdToken": {"idToken": "G"}, "x": 1}
    user = asking(user, saying(reply))

    if version is Version.V16:
        assert await tag(user, "A") == {"status": "Invalid", "expiryDate": until, "parentIdTag": "G"}
        assert json.loads(asked[0].content) == {"idToken": "A"}
    else:
        assert await info(user, "A", version=version) == {
            "status": "NoCredit",
            "cacheExpiryDateTime": until,
            "groupIdToken": {"idToken": "G", "type": "Central"},
        }
        assert json.loads(asked[0].content) == {"idToken": "A", "type": "ISO14443"}
    assert (asked[0].method, str(asked[0].url)) == ("POST", URL)


async def test_the_transaction_service_learns_the_limit_of_the_authorizer(user: User) -> None:
    await put(user, "eMAID", "ask")
    user = asking(user, saying({"status": "Accepted", "maxActiveTransactions": 2, "groupIdToken": "G"}))

    assert await user.authorize("A", "eMAID") == Authorization(
        status="Accepted", group_id_token="G", max_active_transactions=2
    )


async def test_the_authorizer_is_asked_about_tokens_of_its_types_alone(user: User) -> None:
    await put(user, "eMAID", "ask")
    user = asking(user, accepting)
    await known(user, "card")

    assert (await user.authorize("card", "ISO14443")).status == "Accepted"
    assert (await user.authorize("other", "ISO14443")).status == "Unknown"
    assert (await user.authorize("any", "Central")).status == "Accepted"
    assert asked == []


async def test_the_authorizer_is_asked_about_registered_tokens_too(user: User) -> None:
    await put(user, "eMAID", "ask")
    await known(user, "contract", type="eMAID", group_id_token="G")

    refused = await asking(user, saying({"status": "NoCredit"})).authorize("contract", "eMAID")
    failing = await asking(user, saying({}, 500)).authorize("contract", "eMAID")

    assert refused.status == "NoCredit"
    assert (failing.status, failing.group_id_token) == ("Accepted", "G")


async def never(request: httpx.Request) -> httpx.Response:
    await asyncio.Event().wait()
    raise AssertionError


async def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("SECRET-TOKEN cannot be reached")


@pytest.mark.parametrize(("fallback", "status"), [("accept", "Accepted"), ("known", "Unknown")])
@pytest.mark.parametrize(
    "answer",
    [
        never,
        unreachable,
        saying({"status": "Accepted"}, 500),
        saying({"status": "Accepted"}, 302),
        saying({"status": "Fine"}),
        saying({"status": "Accepted", "cacheExpiryDateTime": "tomorrow"}),
        saying({"status": "Accepted", "groupIdToken": 7}),
        saying([]),
        saying(b"SECRET-TOKEN is no JSON"),
        saying(b"x" * (MAX_ANSWER + 1)),
    ],
)
async def test_without_an_answer_the_fallback_counts(
    user: User, answer: Answer, fallback: str, status: str, caplog: pytest.LogCaptureFixture
) -> None:
    await put(user, "eMAID", "ask", fallback)
    with caplog.at_level(logging.DEBUG, "libs"):
        decided = await asking(user, answer, 0.05).authorize("SECRET-TOKEN", "eMAID")

    assert decided.status == status
    assert "has not answered" in caplog.text
    assert "SECRET-TOKEN" not in caplog.text


async def test_without_an_authorizer_the_fallback_counts(user: User) -> None:
    await put(user, "eMAID", "ask", "accept")
    assert (await user.authorize("A", "eMAID")).status == "Accepted"


async def test_a_slow_authorizer_is_asked_a_few_things_at_once_and_blocks_nobody_else(user: User) -> None:
    await put(user, "eMAID", "ask", "accept")
    await known(user, "card")
    open_ = most = 0

    async def slow(request: httpx.Request) -> httpx.Response:
        nonlocal open_, most
        open_ += 1
        most = max(most, open_)
        try:
            return await never(request)
        finally:
            open_ -= 1

    slowly = asking(user, slow, 0.2)
    waiting = [asyncio.create_task(slowly.authorize(f"T{n}", "eMAID")) for n in range(3 * MAX_CONCURRENT)]
    while most < MAX_CONCURRENT:
        await asyncio.sleep(0)

    assert (await slowly.authorize("card", "ISO14443")).status == "Accepted"
    assert not any(task.done() for task in waiting)
    assert {answer.status for answer in await asyncio.gather(*waiting)} == {"Accepted"}
    assert (most, open_) == (MAX_CONCURRENT, 0)


async def test_a_policy_to_ask_needs_somebody_to_ask(user: User) -> None:
    async with user_client(asking(user, accepting)) as client:
        changed = await client.put("/authorizationpolicies/VIN", json={"policy": "ask", "fallback": "accept"})

    assert changed.json() == {"type": "VIN", "policy": "ask", "fallback": "accept"}


async def test_the_secret_of_the_authorizer_is_a_bearer_token_and_never_shown() -> None:
    settings = Settings(_env_file=None, authorizer_url=URL, authorizer_token="a-bearer-token")
    async with client_of(settings) as client:
        assert client.headers["Authorization"] == "Bearer a-bearer-token"
    assert "a-bearer-token" not in repr(settings)
