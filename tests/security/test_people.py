"""People who sign in: what an attacker gets with a wrong password, a foreign page or an old cookie."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from argon2.profiles import RFC_9106_LOW_MEMORY
from starlette.types import Receive, Scope, Send

from libs.csms.access.callers import CALLER
from libs.csms.access.people import IDLE_LIFETIME, MAX_SESSIONS, SESSION_LIFETIME, Person
from libs.csms.access.scopes import Role
from libs.csms.access.sessions import (
    CACHE_LIFETIME,
    CACHE_SIZE,
    CSRF_HEADER,
    LOOPBACK_COOKIE,
    MAX_REREADS_AT_ONCE,
    SECURE_COOKIE,
)
from libs.csms.storage.store import Collection, NotStored
from services.user.people.passwords import MAX_HASHES, MAX_HASHES_AT_ONCE, Passwords, TooManySignIns
from services.user.people.sign_in import MAX_GUESSES_AT_ONCE, MAX_WRONG_CODES_AT_ONCE

from .people import PASSWORD, SHELL, People, cookie_of, sign_in, status

JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[People]:
    people = People(tmp_path)
    await people.add()
    yield people
    await people.store.close()


@pytest.fixture
async def people_with(tmp_path: Path) -> AsyncIterator[Callable[..., People]]:
    """With other settings or hashes, and nobody yet."""
    made: list[People] = []

    def people(**options: object) -> People:
        made.append(People(tmp_path, **options))  # type: ignore[arg-type]
        return made[-1]

    yield people
    for each in made:
        await each.store.close()


# Passwords.


async def test_a_wrong_password_and_an_unknown_or_disabled_person_are_answered_alike(people: People) -> None:
    await people.add("bert", Role.VIEWER)
    await people.accounts.disable("bert", SHELL)
    async with people.browser() as http:
        answers = [
            await sign_in(http, "anna", "not the password"),
            await sign_in(http, "nobody-knows", PASSWORD),
            await sign_in(http, "bert", PASSWORD),
            await sign_in(http, "../../etc/passwd\0", PASSWORD),
        ]
        assert {answer.status_code for answer in answers} == {401}
        assert len({answer.text for answer in answers}) == 1
        assert all("set-cookie" not in answer.headers for answer in answers)


class CountedHasher(PasswordHasher):
    """Counts what it verifies, and against which parameters."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
        self.verified.append(str(hash).rpartition("$")[0].rpartition("$")[0])
        return super().verify(hash, password)


async def test_an_unknown_person_costs_the_same_hash_as_a_wrong_password(
    people_with: Callable[..., People],
) -> None:
    hasher = CountedHasher()
    people = people_with(hasher=hasher)
    await people.add()
    await people.add("bert", Role.VIEWER)
    await people.accounts.disable("bert", SHELL)
    async with people.browser() as http:
        for user in ("anna", "carl", "bert", "%%%"):
            await sign_in(http, user, "not the password")
    assert hasher.verified == ["$argon2id$v=19$m=8,t=1,p=1"] * 4


def test_the_hash_of_nobody_has_the_parameters_of_rfc_9106() -> None:
    assert Passwords()._of_nobody.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY).check_needs_rehash(Passwords()._of_nobody)


async def test_wrong_passwords_back_off_at_the_account_and_the_address(
    people_with: Callable[..., People],
) -> None:
    people = people_with(failed_logins_per_minute=10)
    await people.add()
    async with people.browser(address="192.0.2.1") as attacker, people.browser(address="192.0.2.2") as owner:
        answers = [await sign_in(attacker, password=f"guess number {n}") for n in range(15)]
        blocked = await sign_in(attacker)
        entered = await sign_in(owner)

    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 5
    assert blocked.status_code == 429  # nor is the right one looked at
    assert int(blocked.headers["Retry-After"]) > 0
    assert entered.status_code == 201  # nobody locks the owner out


async def test_what_needs_the_password_again_is_no_way_round_the_back_off(
    people_with: Callable[..., People],
) -> None:
    people = people_with(failed_logins_per_minute=10)
    await people.add()
    async with people.signed_in() as stolen:
        answers = [
            (await stolen.post("/me/totp", json={"password": f"guess number {n}"})).status_code
            for n in range(12)
        ]
    assert answers == [403] * 10 + [429] * 2


class SlowHasher(PasswordHasher):
    """Verifies nothing until it may; counts how many try at once."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.may = threading.Event()
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        self.may.wait(10)
        with self._lock:
            self.at_once -= 1
        return super().verify(hash, password)


async def test_a_flood_of_sign_ins_takes_bounded_memory(people_with: Callable[..., People]) -> None:
    hasher = SlowHasher()
    people = people_with(hasher=hasher)
    await people.add()
    browsers = [people.browser(address=f"192.0.2.{n}") for n in range(100)]
    answers = asyncio.as_completed([sign_in(http, f"user{n}") for n, http in enumerate(browsers)])
    refused = [await next(answers) for _ in range(100 - MAX_HASHES)]  # while the others wait
    hasher.may.set()
    verified = [await answer for answer in answers]

    assert {(answer.status_code, answer.headers["Retry-After"]) for answer in refused} == {(503, "1")}
    assert {answer.status_code for answer in verified} == {401}
    assert hasher.most_at_once == MAX_HASHES_AT_ONCE
    for http in browsers:
        await http.aclose()


async def test_one_address_does_not_take_the_whole_queue(people_with: Callable[..., People]) -> None:
    hasher = SlowHasher()
    people = people_with(hasher=hasher)
    await people.add()
    async with people.browser(address="192.0.2.1") as attacker, people.browser(address="192.0.2.2") as owner:
        flood = [asyncio.create_task(sign_in(attacker, f"user{n}")) for n in range(30)]
        entering = asyncio.create_task(sign_in(owner))
        hasher.may.set()
        statuses = [(await task).status_code for task in flood]
        entered = await entering

    assert statuses.count(429) == 30 - MAX_GUESSES_AT_ONCE
    assert entered.status_code == 201


async def test_whoever_goes_away_leaves_no_trace_in_the_queue() -> None:
    hasher = SlowHasher()
    passwords = Passwords(hasher)
    waiting = [asyncio.create_task(passwords.verify(None, "x")) for _ in range(MAX_HASHES)]
    await asyncio.sleep(0)
    with pytest.raises(TooManySignIns):
        await passwords.verify(None, "x")
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    hasher.may.set()
    assert await passwords.verify(None, "x") is False


@pytest.mark.parametrize("password", ["x" * 10_000, "\ud800" * 12, "", "\0" * 20])
async def test_a_strange_password_is_only_wrong(people: People, password: str) -> None:
    async with people.browser() as http:
        body = f'{{"user": "anna", "password": {json.dumps(password)}}}'
        answer = await http.post("/sessions", content=body, headers=JSON)
    assert answer.status_code in (401, 422)


async def test_a_body_of_who_has_not_signed_in_is_short(people: People) -> None:
    async with people.browser() as http:
        answer = await sign_in(http, "anna", "x" * 20_000)
        declared = await http.post("/sessions", content=b" " * 17_000, headers=JSON)
        form = await http.post("/sessions", data={"user": "anna", "password": PASSWORD})
    assert [answer.status_code, declared.status_code, form.status_code] == [413, 413, 415]


async def test_a_foreign_page_signs_nobody_in(people: People) -> None:
    async with people.browser() as http:
        http.headers["Origin"] = "https://evil.example"
        answer = await sign_in(http)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_the_password_and_the_token_are_stored_nowhere(people: People, tmp_path: Path) -> None:
    async with people.signed_in() as http:
        token = cookie_of(http).partition(":")[2]
        csrf_token = http.headers[CSRF_HEADER]
        secret, recovery_codes = await people.with_second_factor(http)
        shown = (await http.get("/users")).text + (await http.get("/users/anna")).text
    await people.store.close()
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())

    for text in (PASSWORD, token, csrf_token, secret, *recovery_codes):
        assert text.encode() not in stored
        assert text not in shown
    assert b"$argon2id$" in stored
    assert "argon2" not in shown


async def test_the_log_has_no_secrets_and_no_mistyped_names(
    people: People, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with people.browser() as http:
        await sign_in(http, "MyPasswordInTheWrongField", "another secret")
    async with people.signed_in() as http:
        secret, _ = await people.with_second_factor(http)
        token = cookie_of(http).partition(":")[2]
    logged = caplog.text.lower()

    assert "failed" in logged
    for text in ("mypasswordinthewrongfield", "another secret", PASSWORD, token, secret):
        assert text.lower() not in logged


# The cookie.


async def test_over_tls_the_cookie_is_of_this_host_and_of_no_script(people: People) -> None:
    async with people.browser(url="https://localhost") as http:
        header = (await sign_in(http)).headers["Set-Cookie"]
        signed_in = await status(http)
    name, _, attributes = header.partition("=")

    assert name == SECURE_COOKIE == "__Host-csms"
    assert attributes.partition("; ")[2] == "Max-Age=43200; Path=/; HttpOnly; SameSite=Strict; Secure"
    assert re.match(r"anna:[\w-]{43}; ", attributes)
    assert signed_in == 200


async def test_on_loopback_without_tls_it_has_another_name(people: People) -> None:
    async with people.browser() as http:
        header = (await sign_in(http)).headers["Set-Cookie"]
        assert header.startswith(f"{LOOPBACK_COOKIE}=anna:")
        assert header.endswith("; HttpOnly; SameSite=Strict")
        value = cookie_of(http)
    async with people.browser(url="https://localhost") as http:
        http.headers["Cookie"] = f"{LOOPBACK_COOKIE}={value}"
        over_tls = await status(http)
        http.headers["Cookie"] = f"{SECURE_COOKIE}={value}"
        assert (over_tls, await status(http)) == (401, 200)


async def test_nobody_signs_in_where_others_can_read_along(people_with: Callable[..., People]) -> None:
    people = people_with(public_hosts="csms.example.com", trusted_proxies="192.0.2.7")
    await people.add()
    plain = people.browser(url="http://csms.example.com", address="198.51.100.1")
    proxied = people.browser(url="http://csms.example.com", address="192.0.2.7")
    liar = people.browser(url="http://csms.example.com", address="198.51.100.1")
    async with plain, proxied, liar:
        proxied.headers["X-Forwarded-Proto"] = liar.headers["X-Forwarded-Proto"] = "https"
        answers = [await sign_in(each) for each in (plain, proxied, liar)]

    assert [answer.status_code for answer in answers] == [403, 201, 403]
    assert "CSMS_TRUSTED_PROXIES" in answers[0].json()["detail"]
    assert answers[1].headers["Set-Cookie"].startswith(SECURE_COOKIE)


async def test_signing_in_never_takes_over_a_session_that_was_there(people: People) -> None:
    planted = "anna:" + "A" * 43
    async with people.browser() as http:
        http.cookies.set(LOOPBACK_COOKIE, planted, domain="localhost.local")
        before = await status(http)
        first = (await sign_in(http)).headers["Set-Cookie"]
        second = (await sign_in(http)).headers["Set-Cookie"]
    async with people.browser() as attacker:
        attacker.headers["Cookie"] = f"{LOOPBACK_COOKIE}={planted}"
        after = await status(attacker)

    assert (before, after) == (401, 401)
    assert len({planted, first.split(";")[0], second.split(";")[0]}) == 3


async def test_two_cookies_of_the_name_are_none(people: People) -> None:
    async with people.signed_in() as http:
        good = cookie_of(http)
        http.cookies.clear()
        for both in ((good, "x"), ("x", good), (good, good)):
            http.headers["Cookie"] = "; ".join(f"{LOOPBACK_COOKIE}={value}" for value in both)
            assert await status(http) == 401
        http.headers["Cookie"] = f"theme=dark; {LOOPBACK_COOKIE}={good}; other={LOOPBACK_COOKIE}"
        assert await status(http) == 200


async def test_a_cookie_that_differs_in_one_character_is_none(people: People) -> None:
    async with people.signed_in() as http:
        good = cookie_of(http)
    async with people.browser() as http:
        for at in range(len(good)):
            for new in 'A_:é"; ':
                changed = good[:at] + new + good[at + 1 :]
                if changed.split(";")[0].strip() != good:
                    http.headers["Cookie"] = f"{LOOPBACK_COOKIE}={changed}".encode().decode("latin-1")
                    assert await status(http) in (401, 429), changed


async def test_a_bearer_goes_before_the_cookie(people: People) -> None:
    key = (await people.keys.create("screen", "test", Role.VIEWER)).text
    async with people.signed_in() as http:
        http.headers["Authorization"] = f"Bearer {key}"
        as_key = (await http.get("/me")).json()
        http.headers["Authorization"] = "Bearer csms_wrong_wrong"
        wrong = await status(http)

    assert (as_key["kind"], "csrfToken" in as_key, wrong) == ("key", False, 401)


async def test_guesses_of_cookies_are_slowed_down_and_tell_nobody_who_there_is(
    people_with: Callable[..., People],
) -> None:
    people = people_with(failed_logins_per_minute=20)
    await people.add()
    answers = {}
    for number, id in enumerate(("anna", "nobody-knows")):
        async with people.browser(address=f"192.0.2.{number}") as http:
            answers[id] = []
            for guess in range(30):
                http.headers["Cookie"] = f"{LOOPBACK_COOKIE}={id}:{guess:043}"
                answers[id].append(await status(http))

    assert answers["anna"] == answers["nobody-knows"] == [401] * 20 + [429] * 10


async def test_guesses_of_cookies_cost_the_same_reads_whether_or_not_there_is_a_person(
    people: People,
) -> None:
    reads: Counter[str] = Counter()
    collection = people.other_sessions.people

    class Counted:
        async def get(self, id: str) -> Person | None:
            reads[id] += 1
            return await collection.get(id)

    people.other_sessions.people = Counted()  # type: ignore[assignment]
    for id in ("anna", "nobody-knows"):
        await people.other_sessions.signed_in(f"{id}:{'A' * 43}")
    first = dict(reads)
    for number in range(100):
        people.clock.forward(milliseconds=1)
        for id in ("anna", "nobody-knows"):
            await people.other_sessions.signed_in(f"{id}:{number:043}")

    assert first == {"anna": 1, "nobody-knows": 1}
    assert reads["anna"] == reads["nobody-knows"] == 1 + MAX_REREADS_AT_ONCE


async def test_a_page_that_goes_on_with_an_old_cookie_is_not_in_the_way_of_a_new_one(
    people_with: Callable[..., People],
) -> None:
    people = people_with(failed_logins_per_minute=20)
    await people.add()
    async with people.signed_in() as http:
        old = cookie_of(http)
        await http.delete("/sessions/current")
    async with people.browser() as page:
        page.headers["Cookie"] = f"{LOOPBACK_COOKIE}={old}"
        polling = [await status(page) for _ in range(50)]
    async with people.signed_in() as http:
        assert await status(http) == 200
    assert polling == [401] * 10 + [429] * 40


async def test_the_cache_is_bounded_however_many_ids_are_guessed(people: People) -> None:
    for number in range(2 * CACHE_SIZE):
        await people.other_sessions.signed_in(f"user{number}:{'A' * 43}")
    assert len(people.other_sessions._cache) == CACHE_SIZE


# CSRF.


async def test_with_a_cookie_nothing_is_changed_without_the_csrf_token(people: People) -> None:
    await people.add("bert")
    async with people.signed_in() as http, people.signed_in("bert") as foreign:
        right = http.headers.pop(CSRF_HEADER)
        elsewhere = people.elsewhere(http)
        answers = []
        for token in (None, "", foreign.headers[CSRF_HEADER], right[:-1], right + "0", "é".encode()):
            headers = {} if token is None else {CSRF_HEADER: token}
            for client, path in ((http, "/keys"), (elsewhere, "/things"), (http, "/users/bert")):
                method = "DELETE" if path == "/users/bert" else "POST"
                answers.append(await client.request(method, path, headers=headers))
        with_token = await elsewhere.post("/things", headers={CSRF_HEADER: right})
        known = (await http.get("/me")).json()

    assert {answer.status_code for answer in answers} == {403}
    assert all(CSRF_HEADER in answer.json()["detail"] for answer in answers)
    assert with_token.status_code == 200
    assert (known["id"], known["kind"], known["csrfToken"]) == ("anna", "person", right)


async def test_the_csrf_token_is_refused_before_the_body_is_read(people: People) -> None:
    async with people.signed_in() as http:
        del http.headers[CSRF_HEADER]
        answer = await http.post("/keys", content=b"x" * 2_000_000)
    assert answer.status_code == 403


# The end of sessions.


async def test_a_session_ends_everywhere_when_its_person_signs_out(people: People) -> None:
    async with people.signed_in() as http:
        elsewhere = people.elsewhere(http)
        value = cookie_of(http)
        before = [await status(http), await status(elsewhere, "/things")]
        answer = await http.delete("/sessions/current")
        people.clock.now += CACHE_LIFETIME
    async with people.browser() as thief, people.browser(people.other) as other_thief:
        for each in (thief, other_thief):
            each.headers["Cookie"] = f"{LOOPBACK_COOKIE}={value}"
        after = [await status(thief), await status(other_thief, "/things")]

    assert before == [200, 200]
    assert answer.status_code == 204
    assert f"{LOOPBACK_COOKIE}=; Max-Age=0; Path=/" in answer.headers["Set-Cookie"]
    assert after == [401, 401]


async def test_a_session_ends_after_twelve_hours_however_much_it_is_used(people: People) -> None:
    async with people.signed_in() as http:
        elsewhere = people.elsewhere(http)
        for _ in range(int(SESSION_LIFETIME / IDLE_LIFETIME) * 2 - 1):
            people.clock.now += IDLE_LIFETIME / 2
            assert await status(http) == 200
        people.clock.now += IDLE_LIFETIME / 2
        assert [await status(http), await status(elsewhere, "/things")] == [401, 401]


async def test_a_session_ends_when_it_is_idle_for_half_an_hour(people: People) -> None:
    async with people.signed_in() as http:
        people.clock.now += IDLE_LIFETIME
        assert await status(http) == 401
        assert await status(people.elsewhere(http), "/things") == 401
    async with people.browser() as http:
        assert (await sign_in(http)).status_code == 201


async def test_use_at_one_service_keeps_the_session_alive_at_the_others(people: People) -> None:
    async with people.signed_in() as http:
        elsewhere = people.elsewhere(http)
        for _ in range(5):
            people.clock.now += IDLE_LIFETIME * 0.9
            assert await status(elsewhere, "/things") == 200
        people.clock.forward(seconds=1)
        assert await status(http) == 200


async def test_the_last_use_is_stored_once_a_minute(people: People) -> None:
    async with people.signed_in() as http:
        stored = []
        for _ in range(5):
            people.clock.forward(seconds=30)
            await http.get("/me")
            [session] = (await people.accounts.existing("anna")).sessions
            stored.append((session.last_used_at - session.created_at).total_seconds())
    assert stored == [0, 60, 60, 120, 120]


async def test_a_session_that_has_just_begun_counts_at_once_at_the_others(people: People) -> None:
    async with people.signed_in() as first:
        assert await status(people.elsewhere(first), "/things") == 200
        people.clock.forward(milliseconds=1)
        async with people.signed_in() as second:
            assert await status(people.elsewhere(second), "/things") == 200


async def test_a_person_who_is_disabled_is_out_everywhere_within_seconds(people: People) -> None:
    await people.add("bert", Role.OPERATOR)
    async with people.signed_in() as admin, people.signed_in("bert") as bert:
        elsewhere = people.elsewhere(bert)
        before = [await status(bert), await status(elsewhere, "/things")]
        answer = await admin.patch("/users/bert", json={"disabled": True})
        here = await status(bert)
        people.clock.now += CACHE_LIFETIME
        there = await status(elsewhere, "/things")
        signed_in = (await sign_in(people.browser(), "bert")).status_code
        await admin.patch("/users/bert", json={"disabled": False})
        enabled = [await status(bert), (await sign_in(people.browser(), "bert")).status_code]

    assert before == [200, 200]
    assert answer.json()["disabledAt"]
    assert (here, there, signed_in) == (401, 401, 401)
    assert enabled == [401, 201]


async def test_a_session_of_a_disabled_person_counts_for_nothing(people: People) -> None:
    async with people.signed_in() as http:
        now = people.clock.now
        await people.accounts.update("anna", lambda known: known.changed(disabled_at=now))
        assert await status(http) == 401


async def test_a_change_of_role_counts_in_open_sessions(people: People) -> None:
    await people.add("bert", Role.OPERATOR)
    async with people.signed_in() as admin, people.signed_in("bert") as bert:
        elsewhere = people.elsewhere(bert)
        before = (await elsewhere.post("/things")).status_code
        await admin.patch("/users/bert", json={"role": "viewer"})
        people.clock.now += CACHE_LIFETIME
        after = (await elsewhere.post("/things")).status_code
    assert (before, after) == (200, 403)


async def test_a_new_password_ends_the_other_sessions(people: People) -> None:
    async with people.signed_in() as own, people.signed_in() as stolen:
        wrong = await own.put(
            "/me/password", json={"oldPassword": "wrong", "newPassword": "some other words"}
        )
        changed = await own.put(
            "/me/password", json={"oldPassword": PASSWORD, "newPassword": "some other words"}
        )
        alive = [await status(own), await status(stolen)]
        old, new = (
            await sign_in(people.browser()),
            await sign_in(people.browser(), "anna", "some other words"),
        )

    assert [wrong.status_code, changed.status_code] == [403, 204]
    assert alive == [200, 401]
    assert [old.status_code, new.status_code] == [401, 201]


async def test_a_removed_person_is_out_and_a_new_one_of_that_name_has_no_old_session(people: People) -> None:
    await people.add("bert", Role.OPERATOR)
    async with people.signed_in() as admin, people.signed_in("bert") as bert:
        removed = await admin.delete("/users/bert")
        gone = await status(bert)
        await people.add("bert", Role.OPERATOR)
        assert (removed.status_code, gone, await status(bert)) == (204, 401, 401)


class Faulty:
    """A collection that may be full, and whose reads may take long."""

    def __init__(self, people: Collection[Person]) -> None:
        self._people = people
        self.is_full = False
        self.has_read, self.may_read = asyncio.Event(), asyncio.Event()
        self.may_read.set()

    async def get(self, id: str) -> Person | None:
        person = await self._people.get(id)
        self.has_read.set()
        await self.may_read.wait()
        return person

    async def update(self, *arguments: object) -> Person:
        if self.is_full:
            raise NotStored
        return await self._people.update(*arguments)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> object:
        return getattr(self._people, name)


@pytest.fixture
def faulty(people: People) -> Faulty:
    sessions = people.accounts.sessions
    faulty = Faulty(sessions.people)
    sessions.people = faulty  # type: ignore[assignment]
    return faulty


async def test_a_store_that_is_full_ends_no_session_and_begins_none(people: People, faulty: Faulty) -> None:
    async with people.signed_in() as http:
        faulty.is_full = True
        people.clock.forward(minutes=10)
        assert await status(http) == 200
        assert (await sign_in(people.browser())).status_code == 503


async def test_what_was_read_before_a_person_was_disabled_does_not_count_after_it(
    people: People, faulty: Faulty
) -> None:
    await people.add("bert")
    async with people.signed_in() as http:
        people.clock.now += CACHE_LIFETIME
        faulty.may_read.clear()
        faulty.has_read.clear()
        slow = asyncio.create_task(http.get("/me"))
        await faulty.has_read.wait()
        await people.accounts.sessions.update("anna", lambda known: known.disabled(people.clock.now))
        faulty.may_read.set()
        assert (await slow).status_code == 401
        assert await status(http) == 401


async def test_whoever_stands_around_the_api_learns_who_has_signed_in(people: People) -> None:
    seen: list[Scope] = []

    async def around(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await people.user(scope, receive, send)

    async with people.browser(around) as http:
        await sign_in(http, "anna", "wrong")
        await sign_in(http)
    assert [(scope[CALLER].kind, scope[CALLER].id) for scope in seen] == [
        ("nobody", "nobody"),
        ("person", "anna"),
    ]


async def test_a_person_has_a_bounded_number_of_sessions(people: People) -> None:
    browsers = [people.browser() for _ in range(MAX_SESSIONS + 2)]
    for http in browsers:
        await sign_in(http)
        people.clock.forward(seconds=1)
    statuses = [await status(http) for http in browsers]

    assert statuses == [401, 401] + [200] * MAX_SESSIONS
    assert len((await people.accounts.existing("anna")).sessions) == MAX_SESSIONS
    people.clock.now += SESSION_LIFETIME
    await sign_in(people.browser())
    assert len((await people.accounts.existing("anna")).sessions) == 1


# The second factor.


async def test_with_a_second_factor_the_password_alone_is_not_enough(people: People) -> None:
    async with people.signed_in() as http:
        secret, _ = await people.with_second_factor(http)
    people.clock.forward(seconds=30)
    async with people.browser() as http:
        wrong = f"{(int(people.code(secret)) + 1) % 1_000_000:06}"
        without = await sign_in(http)
        with_wrong = await sign_in(http, code=wrong)
        wrong_password = await sign_in(http, "anna", "wrong", people.code(secret))
        right = await sign_in(http, code=people.code(secret))

    assert [without.status_code, with_wrong.status_code, right.status_code] == [401, 401, 201]
    assert without.text == with_wrong.text == wrong_password.text


async def test_a_code_counts_once(people: People) -> None:
    async with people.signed_in() as http:
        secret, _ = await people.with_second_factor(http)
    confirmed = people.code(secret)
    async with people.browser() as http:
        replayed_confirmation = await sign_in(http, code=confirmed)
        people.clock.forward(seconds=30)
        code = people.code(secret)
        at_once = await asyncio.gather(*(sign_in(http, code=code) for _ in range(3)))
        later = await sign_in(http, code=code)
        earlier = await sign_in(http, code=confirmed)
        people.clock.forward(seconds=30)
        following = await sign_in(http, code=people.code(secret))

    assert replayed_confirmation.status_code == 401
    assert sorted(answer.status_code for answer in at_once) == [201, 401, 401]
    assert [later.status_code, earlier.status_code, following.status_code] == [401, 401, 201]


async def test_a_code_of_a_clock_that_is_half_a_minute_off_counts_and_an_older_one_does_not(
    people: People,
) -> None:
    async with people.signed_in() as http:
        secret, _ = await people.with_second_factor(http)
    people.clock.forward(minutes=10)
    late = people.code(secret)
    people.clock.forward(seconds=60)
    async with people.browser() as http:
        too_late = await sign_in(http, code=late)
        late = people.code(secret)
        people.clock.forward(seconds=30)
        just = await sign_in(http, code=late)
    assert [too_late.status_code, just.status_code] == [401, 201]


async def test_codes_are_not_guessed_by_who_knows_the_password(people: People) -> None:
    async with people.signed_in() as http:
        secret, [recovery, *_] = await people.with_second_factor(http)
    people.clock.forward(seconds=30)
    right = people.code(secret)
    for number in range(MAX_WRONG_CODES_AT_ONCE):
        async with people.browser(address=f"192.0.2.{number}") as http:
            await sign_in(http, code=f"{(int(right) + 1 + number) % 1_000_000:06}")
    async with people.browser() as http:
        unseen = await sign_in(http, code=right)
        by_recovery = await sign_in(http, code=recovery)

    assert unseen.status_code == 401  # not looked at, and nobody is told
    assert by_recovery.status_code == 201


async def test_a_recovery_code_counts_once(people: People) -> None:
    async with people.signed_in() as http:
        _, codes = await people.with_second_factor(http)
    async with people.browser() as http:
        first = await sign_in(http, code=codes[0])
        again = await sign_in(http, code=codes[0])
        typed = await sign_in(http, code=codes[1].lower().replace("-", " "))
    left = (await people.accounts.existing("anna")).second_factor

    assert [first.status_code, again.status_code, typed.status_code] == [201, 401, 201]
    assert left is not None
    assert len(left.recovery_codes) == len(codes) - 2 == 8


async def test_a_stolen_session_neither_adds_nor_removes_a_second_factor(people: People) -> None:
    async with people.signed_in() as stolen:
        added = await stolen.post("/me/totp", json={"password": "guess"})
        confirmed = await stolen.post("/me/totp/confirm", json={"oneTimePassword": "123456"})
        await people.with_second_factor(stolen)
        removed = await stolen.post("/me/totp/remove", json={"password": "guess"})
        by_way_of_users = await stolen.delete("/users/anna/totp")
        password = await stolen.patch("/users/anna", json={"password": "some other words"})
        active = (await stolen.get("/me/totp")).json()

    statuses = [each.status_code for each in (added, confirmed, removed, by_way_of_users, password)]
    assert statuses == [403, 409, 403, 403, 403]
    assert active == {"active": True, "recoveryCodes": 10}


async def test_a_secret_of_one_person_is_of_no_use_to_another(people: People) -> None:
    await people.add("bert")
    async with people.signed_in() as http:
        secret, _ = await people.with_second_factor(http)
    factor = (await people.accounts.existing("anna")).second_factor
    await people.accounts.update("bert", lambda known: known.changed(second_factor=factor))
    people.clock.forward(seconds=30)
    async with people.browser() as http:
        assert (await sign_in(http, "bert", code=people.code(secret))).status_code == 401
