from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import httpx
import pytest

from libs.csms.clients.authorization import Authorization
from libs.csms.clock import rfc3339
from libs.csms.storage.store import Query
from libs.ocpp_messages import v16, v21, v201
from libs.ocpp_messages.action import Action, Direction
from libs.ocpp_messages.mappings import TokenStatus
from libs.ocpp_messages.message import Kind, Message
from libs.ocpp_messages.version import Version
from services.user.service import User, router
from services.user.tokens.model import IdToken

from .moment import NOW

ACTIONS: dict[Version, Action[Any, Any]] = {
    Version.V16: v16.Authorize,
    Version.V201: v201.Authorize,
    Version.V21: v21.Authorize,
}
HOUR = timedelta(hours=1)


class Answers:
    """A bus of which only the last message is of interest."""

    async def publish(self, topic: str, message: Message) -> None:
        self.topic = topic
        self.message = message


async def asked(user: User, version: Version, payload: dict[str, Any]) -> dict[str, Any]:
    """The answer to an Authorize, which is right by its schema."""
    action = ACTIONS[version]
    action.request_validator.check(payload)
    call = Message(
        data=json.dumps(payload).encode(),
        message_id="7",
        station_id="CS1",
        action="Authorize",
        kind=Kind.CALL,
        sent_at=rfc3339(NOW),
        origin=Direction.FROM_STATION,
        ocpp_version=version,
        reply_to="AuthorizeResponse",
    )
    answers = Answers()
    await router.handle(call, answers, user, user.clock)  # type: ignore[arg-type]
    assert (answers.topic, answers.message.kind) == ("AuthorizeResponse", Kind.RESULT)
    response: dict[str, Any] = json.loads(answers.message.data)
    action.response_validator.check(response)
    return response


def caching(user: User, lifetime: timedelta) -> User:
    return replace(user, tokens=replace(user.tokens, cache_lifetime=lifetime))


async def info(
    user: User, text: str, type_: str = "ISO14443", version: Version = Version.V201
) -> dict[str, Any]:
    response = await asked(user, version, {"idToken": {"idToken": text, "type": type_}})
    assert list(response) == ["idTokenInfo"]
    return dict(response["idTokenInfo"])


async def tag(user: User, text: str) -> dict[str, Any]:
    return dict((await asked(user, Version.V16, {"idTag": text}))["idTagInfo"])


async def known(user: User, text: str = "AA00001", **fields: Any) -> None:
    token = IdToken(id_token=text, **fields)
    await user.tokens.documents.update(user.tokens.key(text, token.type), lambda _: token)


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
async def test_a_known_token_may_charge(user: User, version: Version) -> None:
    await known(user)

    assert await info(user, "AA00001", version=version) == {"status": "Accepted"}
    assert await info(user, "aa00001", version=version) == {"status": "Accepted"}


async def test_a_known_token_may_charge_at_a_station_of_1_6(user: User) -> None:
    await known(user, type="ISO15693")

    assert await tag(user, "aA00001") == {"status": "Accepted"}


async def test_an_unknown_token_may_not(user: User) -> None:
    assert await info(user, "AA00001") == {"status": "Unknown"}
    assert await tag(user, "AA00001") == {"status": "Invalid"}


async def test_a_token_of_another_type_is_another_token(user: User) -> None:
    await known(user, type="eMAID")

    assert (await info(user, "AA00001", "ISO14443"))["status"] == "Unknown"
    assert (await info(user, "AA00001", "eMAID"))["status"] == "Accepted"
    assert (await user.authorize("AA00001", "EMAID")).status == "Accepted"


@pytest.mark.parametrize("status", get_args(TokenStatus))
async def test_every_status_is_sent_as_far_as_the_version_has_it(user: User, status: TokenStatus) -> None:
    await known(user, status=status)

    in_16 = status if status in ("Accepted", "Blocked", "Expired", "Invalid") else "Invalid"
    assert (await info(user, "AA00001"))["status"] == status
    assert (await tag(user, "AA00001"))["status"] == in_16


@pytest.mark.parametrize("status", ["Accepted", "Blocked"])
async def test_a_token_expires_at_its_moment(user: User, status: TokenStatus) -> None:
    await known(user, "past", status=status, expiry_date_time=NOW)
    await known(user, "future", status=status, expiry_date_time=NOW + timedelta(milliseconds=1))

    assert (await info(user, "past"))["status"] == "Expired"
    assert (await tag(user, "past"))["status"] == "Expired"
    assert (await info(user, "future"))["status"] == status


async def test_a_station_learns_when_a_token_expires(user: User) -> None:
    await known(user, expiry_date_time=NOW + HOUR)

    assert (await info(user, "AA00001"))["cacheExpiryDateTime"] == "2026-11-20T13:00:00.000Z"
    assert (await tag(user, "AA00001"))["expiryDate"] == "2026-11-20T13:00:00.000Z"


@pytest.mark.parametrize(("lifetime", "until"), [(HOUR / 2, HOUR / 2), (HOUR * 2, HOUR)])
async def test_the_cache_ends_with_its_lifetime_or_with_the_token(
    user: User, lifetime: timedelta, until: timedelta
) -> None:
    await known(user, expiry_date_time=NOW + HOUR)

    answer = await info(caching(user, lifetime), "AA00001")

    assert answer["cacheExpiryDateTime"] == rfc3339(NOW + until)


async def test_unknown_tokens_are_not_cached_forever_either(user: User) -> None:
    bounded = caching(user, HOUR)

    assert await info(bounded, "nobody") == {"status": "Unknown", "cacheExpiryDateTime": rfc3339(NOW + HOUR)}


async def test_the_group_is_sent(user: User) -> None:
    await known(user, group_id_token="FLEET")

    assert (await info(user, "AA00001"))["groupIdToken"] == {"idToken": "FLEET", "type": "Central"}
    assert (await tag(user, "AA00001"))["parentIdTag"] == "FLEET"


async def test_a_group_that_a_version_cannot_carry_is_left_out(user: User) -> None:
    await known(user, "a", group_id_token="x" * 21)
    await known(user, "b", group_id_token="x" * 37)

    assert "parentIdTag" not in await tag(user, "a")
    assert (await info(user, "a"))["groupIdToken"]["idToken"] == "x" * 21
    assert "groupIdToken" not in await info(user, "b")
    assert (await info(user, "b", version=Version.V21))["groupIdToken"]["idToken"] == "x" * 37


async def test_a_start_that_needs_no_authorization_is_accepted(user: User) -> None:
    assert await info(user, "", "NoAuthorization") == {"status": "Accepted"}


HASHES = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "a",
    "issuerKeyHash": "b",
    "serialNumber": "1",
    "responderURL": "http://ocsp.example",
}


@pytest.mark.parametrize("version", [Version.V201, Version.V21])
@pytest.mark.parametrize(
    "contract", [{"certificate": "-----BEGIN CERTIFICATE-----"}, {"iso15118CertificateHashData": [HASHES]}]
)
async def test_a_contract_certificate_that_nobody_can_verify_is_refused(
    user: User, version: Version, contract: dict[str, Any]
) -> None:
    await known(user, "DE8AA1A2B3C4D5", type="eMAID")

    token = {"idToken": "DE8AA1A2B3C4D5", "type": "eMAID"}
    response = await asked(user, version, {"idToken": token, **contract})

    assert response == {"idTokenInfo": {"status": "Invalid"}, "certificateStatus": "CertChainError"}


async def test_a_pin_works_and_is_neither_kept_nor_logged(
    user: User, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        created = await client.post("/idtokens", json={"idToken": "80347195", "type": "KeyCode"})
        answer = await info(user, "80347195", "KeyCode")
        listed = await client.get("/idtokens")
        stored = await user.tokens.documents.find(Query())

    assert (created.status_code, answer) == (201, {"status": "Accepted"})
    for text in (created.text, listed.text, caplog.text, str(stored), str(created.headers)):
        assert "80347195" not in text
    assert (await info(user, "80347195", "ISO14443"))["status"] == "Unknown"
    assert (await tag(user, "80347195"))["status"] == "Accepted"


async def test_the_transaction_service_learns_what_it_has_to_decide(user: User) -> None:
    limited = {"max_active_transactions": 1}
    await known(user, "one", group_id_token="G", expiry_date_time=NOW + HOUR, **limited)
    await known(user, "any")

    assert await user.authorize("one", None) == Authorization(
        status="Accepted",
        cache_expiry_date_time=NOW + HOUR,
        group_id_token="G",
        max_active_transactions=1,
    )
    assert (await user.authorize("any", "ISO14443")).max_active_transactions is None


async def test_the_same_question_can_be_asked_over_http(user: User, client: httpx.AsyncClient) -> None:
    await known(user, group_id_token="G", max_active_transactions=1)

    any_type = await client.post("/authorizations", json={"idToken": "aa00001"})
    unknown = await client.post("/authorizations", json={"idToken": "AA00001", "type": "eMAID"})
    refused = await client.post("/authorizations", json={"type": "eMAID"})

    assert any_type.json() == {"status": "Accepted", "groupIdToken": "G", "maxActiveTransactions": 1}
    assert (unknown.status_code, unknown.json()) == (200, {"status": "Unknown"})
    assert refused.status_code == 422
