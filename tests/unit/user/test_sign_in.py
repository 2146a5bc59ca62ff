"""What people do with their own sessions, password and second factor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
from argon2 import PasswordHasher

from libs.csms.access.people import SESSION_LIFETIME
from libs.csms.access.scopes import Role
from libs.csms.clock import rfc3339
from libs.csms.pepper import Pepper
from services.user.people.passwords import Passwords
from services.user.people.second_factor import Vault
from services.user.people.sign_in import SignIns
from tests.security.people import PASSWORD, PEPPER, SHELL, START, People, sign_in, status


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[People]:
    people = People(tmp_path)
    await people.add()
    yield people
    await people.store.close()


@pytest.fixture
async def anna(people: People) -> AsyncIterator[httpx.AsyncClient]:
    async with people.signed_in() as http:
        yield http


async def test_signing_in_says_who_one_is_and_until_when(people: People) -> None:
    async with people.browser() as http:
        answer = await sign_in(http)
        own = (await http.get("/sessions")).json()["items"]
    begun = answer.json()

    assert (begun["user"], begun["name"]) == ("anna", "Anna")
    assert begun["expiresAt"] == rfc3339(START + SESSION_LIFETIME)
    assert answer.headers["Location"] == f"/sessions/{begun['id']}"
    assert [session["id"] for session in own] == [begun["id"]]


async def test_one_sees_and_ends_ones_own_sessions_only(people: People, anna: httpx.AsyncClient) -> None:
    await people.add("bert", Role.VIEWER)
    people.clock.forward(minutes=1)
    async with people.signed_in() as second, people.signed_in("bert") as bert:
        listed = (await anna.get("/sessions")).json()["items"]
        [of_bert] = (await bert.get("/sessions")).json()["items"]
        foreign = await anna.delete(f"/sessions/{of_bert['id']}")
        ended = await anna.delete(f"/sessions/{listed[0]['id']}")
        again = await anna.delete(f"/sessions/{listed[0]['id']}")
        statuses = [await status(http) for http in (anna, second, bert)]

    assert [session["current"] for session in listed] == [False, True]
    assert listed[1] == {
        "id": listed[1]["id"],
        "createdAt": rfc3339(START),
        "lastUsedAt": rfc3339(people.clock.now),
        "expiresAt": rfc3339(START + SESSION_LIFETIME),
        "address": "127.0.0.1",
        "current": True,
    }
    assert [foreign.status_code, ended.status_code, again.status_code] == [404, 204, 404]
    assert "set-cookie" not in ended.headers
    assert statuses == [200, 401, 200]


async def test_keys_have_no_sessions_passwords_or_second_factors(people: People) -> None:
    key = (await people.keys.create("screen", "test", Role.ADMIN)).text
    async with people.browser() as http:
        http.headers["Authorization"] = f"Bearer {key}"
        answers = [
            await http.get("/sessions"),
            await http.delete("/sessions/current"),
            await http.get("/me/totp"),
            await http.put(
                "/me/password", json={"oldPassword": PASSWORD, "newPassword": "another four words"}
            ),
            await http.post("/me/totp", json={"password": PASSWORD}),
        ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert "signed in" in answers[0].json()["detail"]


async def test_a_new_password_follows_the_rules(anna: httpx.AsyncClient) -> None:
    answers = [
        await anna.put("/me/password", json={"oldPassword": PASSWORD, "newPassword": new})
        for new in ("short", "passwordpassword", "aaaaaaaaaaaa", "another four words")
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 204]


async def test_a_hash_of_older_parameters_is_made_anew_at_the_next_sign_in(people: People) -> None:
    before = await people.accounts.existing("anna")
    stronger = people.accounts.passwords = Passwords(
        PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    )
    people.sign_ins._passwords = stronger
    async with people.signed_in() as http:
        after = await people.accounts.existing("anna")
        assert await status(http) == 200

    assert "$m=8,t=1,p=1$" in before.password
    assert "$m=16,t=2,p=1$" in after.password
    assert after.password_changed_at == before.password_changed_at
    assert (await sign_in(people.browser())).status_code == 201


async def test_an_app_is_enrolled_by_its_uri(people: People, anna: httpx.AsyncClient) -> None:
    enrolled = (await anna.post("/me/totp", json={"password": PASSWORD})).json()
    before = (await anna.get("/me/totp")).json()
    app = pyotp.parse_uri(enrolled["uri"])
    assert isinstance(app, pyotp.TOTP)
    wrong = await anna.post("/me/totp/confirm", json={"oneTimePassword": "abc"})
    confirmed = await anna.post("/me/totp/confirm", json={"oneTimePassword": app.at(people.clock.now)})
    again = await anna.post("/me/totp/confirm", json={"oneTimePassword": app.at(people.clock.now)})

    assert parse_qs(urlsplit(enrolled["uri"]).query)["secret"] == [enrolled["secret"]]
    assert (app.name, app.issuer, app.interval, app.digits) == ("anna", "CSMS", 30, 6)
    assert before == {"active": False, "recoveryCodes": 0}
    assert [wrong.status_code, confirmed.status_code, again.status_code] == [422, 200, 409]
    assert len(set(confirmed.json()["recoveryCodes"])) == 10
    assert (await anna.get("/me/totp")).json() == {"active": True, "recoveryCodes": 10}
    assert (await anna.get("/users/anna")).json()["secondFactor"] is True


async def test_the_old_app_counts_until_a_new_one_is_confirmed(
    people: People, anna: httpx.AsyncClient
) -> None:
    old, _ = await people.with_second_factor(anna)
    new = (await anna.post("/me/totp", json={"password": PASSWORD})).json()["secret"]
    people.clock.forward(seconds=30)
    async with people.browser() as http:
        by_new = await sign_in(http, code=people.code(new))
        by_old = await sign_in(http, code=people.code(old))
    assert [by_new.status_code, by_old.status_code] == [401, 201]


async def test_a_second_factor_ends_the_other_sessions(people: People, anna: httpx.AsyncClient) -> None:
    async with people.signed_in() as other:
        await people.with_second_factor(anna)
        assert [await status(anna), await status(other)] == [200, 401]


async def test_a_second_factor_is_removed_with_the_password(people: People, anna: httpx.AsyncClient) -> None:
    await people.with_second_factor(anna)
    removed = await anna.post("/me/totp/remove", json={"password": PASSWORD})
    assert removed.status_code == 204
    assert (await sign_in(people.browser())).status_code == 201


async def test_an_administrator_takes_a_lost_second_factor_away(
    people: People, anna: httpx.AsyncClient
) -> None:
    await people.add("bert", Role.VIEWER)
    async with people.signed_in("bert") as bert:
        await people.with_second_factor(bert)
    without_code = await sign_in(people.browser(), "bert")
    reset = await anna.delete("/users/bert/totp")
    after = await sign_in(people.browser(), "bert")
    assert [without_code.status_code, reset.status_code, after.status_code] == [401, 204, 201]


async def test_with_another_pepper_only_recovery_codes_count(people: People, anna: httpx.AsyncClient) -> None:
    secret, codes = await people.with_second_factor(anna)
    people.clock.forward(seconds=30)
    others = SignIns(people.accounts, Pepper(b"another pepper of thirty-two byte"), people.settings)
    sealed = Vault(PEPPER).sealed("secret", "anna")

    assert Vault(PEPPER).opened(sealed, "anna") == "secret"
    assert Vault(PEPPER).opened(sealed, "bert") is None
    assert Vault(Pepper(b"another pepper of thirty-two byte")).opened(sealed, "anna") is None
    with pytest.raises(Exception, match="is wrong"):
        await others.sign_in("anna", PASSWORD, people.code(secret), "192.0.2.1")
    entered = await others.sign_in("anna", PASSWORD, codes[0], "192.0.2.1")
    assert entered.person.id == "anna"


async def test_a_password_that_changes_while_it_is_checked_opens_nothing(people: People) -> None:
    class Changing(Passwords):
        async def verify(self, hash: str | None, password: str) -> bool:
            is_right = await super().verify(hash, password)
            await people.accounts.change("anna", lambda known: known, SHELL, "another four words")
            return is_right

    people.sign_ins._passwords = Changing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    assert (await sign_in(people.browser())).status_code == 401
    assert (await people.accounts.existing("anna")).sessions == ()
