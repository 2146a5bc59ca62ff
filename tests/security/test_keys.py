"""Keys of programs: what counts, since when and for how long."""

from __future__ import annotations

import random
import string
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from libs.csms.access import keys as module
from libs.csms.access.keys import (
    CACHE_LIFETIME,
    CACHE_SIZE,
    LIFETIME,
    ROTATION_OVERLAP,
    Key,
    Keys,
    RevokedKey,
    UnknownKey,
)
from libs.csms.access.routes import ScopedRouter
from libs.csms.access.scopes import ROLES, Role, Scope
from libs.csms.errors import TooMany
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.storage.store import Collection, NotStored
from libs.csms.web.app import create_app

START = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "csms.db")
    yield store
    await store.close()


@pytest.fixture
def keys(store: SqliteStore, clock: Clock) -> Keys:
    return Keys.of(store, clock)


class Counted:
    """A collection that counts its reads, and may refuse to write."""

    def __init__(self, documents: Collection[Key]) -> None:
        self._documents = documents
        self.reads = 0
        self.is_full = False

    async def get(self, id: str) -> Key | None:
        self.reads += 1
        return await self._documents.get(id)

    async def update(self, *arguments: object) -> Key:
        if self.is_full:
            raise NotStored
        return await self._documents.update(*arguments)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> object:
        return getattr(self._documents, name)


@pytest.fixture
def counted(keys: Keys) -> Counted:
    counted = Counted(keys.documents)
    keys.documents = counted  # type: ignore[assignment]
    return counted


async def test_a_key_has_the_scopes_of_its_role_and_its_own(keys: Keys) -> None:
    new = await keys.create("billing", "local", Role.VIEWER, [Scope.TOKENS_READ], ["north"])
    caller = await keys.caller(new.text)

    assert caller is not None
    assert (caller.id, caller.kind, caller.groups) == (new.key.id, "key", frozenset({"north"}))
    assert caller.scopes == ROLES[Role.VIEWER] | {Scope.TOKENS_READ}


async def test_the_store_never_holds_the_secret(keys: Keys, store: SqliteStore, tmp_path: Path) -> None:
    new = await keys.create("billing", "local", Role.VIEWER)
    secret = new.text.split("_", 2)[2]
    await store.close()

    assert len(secret) == 43
    assert all(secret.encode() not in file.read_bytes() for file in tmp_path.iterdir())


async def test_a_key_that_differs_in_one_character_is_no_key(keys: Keys) -> None:
    text, seed = (await keys.create("billing", "local", Role.ADMIN)).text, 20261121
    chosen, alphabet = random.Random(seed), string.ascii_letters + string.digits + "_-. é\0"
    for _ in range(5_000):
        at, new = chosen.randrange(len(text)), chosen.choice(alphabet)
        mutated = chosen.choice(
            [text[:at] + new + text[at + 1 :], text[:at] + text[at + 1 :], text[:at] + new + text[at:]]
        )
        if mutated != text:
            assert await keys.caller(mutated) is None, (seed, mutated)


async def test_a_key_ends_after_its_lifetime(keys: Keys, clock: Clock) -> None:
    text = (await keys.create("billing", "local", Role.VIEWER)).text

    clock.now = START + LIFETIME - timedelta(milliseconds=1)
    before = await keys.caller(text)
    clock.now = START + LIFETIME
    assert before is not None
    assert await keys.caller(text) is None


async def test_of_a_rotated_key_both_secrets_count_for_a_while(keys: Keys, clock: Clock) -> None:
    first = await keys.create("billing", "local", Role.VIEWER)
    second = await keys.rotate(first.key.id)
    both = [await keys.caller(first.text), await keys.caller(second.text)]

    clock.now = START + ROTATION_OVERLAP
    later = [await keys.caller(first.text), await keys.caller(second.text)]

    assert both[0] == both[1] == later[1] != None  # noqa: E711
    assert later[0] is None


async def test_of_a_key_that_is_rotated_twice_the_oldest_secret_does_not_count(keys: Keys) -> None:
    first = await keys.create("billing", "local", Role.VIEWER)
    second = await keys.rotate(first.key.id)
    third = await keys.rotate(first.key.id)

    assert [await keys.caller(one.text) is not None for one in (first, second, third)] == [False, True, True]


async def test_a_revoked_key_is_neither_accepted_nor_rotated(keys: Keys) -> None:
    new = await keys.create("billing", "local", Role.VIEWER)
    await keys.caller(new.text)
    await keys.revoke(new.key.id)

    assert await keys.caller(new.text) is None
    with pytest.raises(RevokedKey):
        await keys.rotate(new.key.id)


async def test_what_is_not_there_is_neither_revoked_nor_rotated(keys: Keys) -> None:
    with pytest.raises(UnknownKey):
        await keys.revoke("0123")
    with pytest.raises(UnknownKey):
        await keys.rotate("0123")


async def test_a_revocation_counts_in_another_process_within_seconds(
    keys: Keys, store: SqliteStore, clock: Clock
) -> None:
    other = Keys.of(store, clock)
    new = await keys.create("billing", "local", Role.VIEWER)
    assert await other.caller(new.text) is not None

    await keys.revoke(new.key.id)
    clock.now += CACHE_LIFETIME
    assert await other.caller(new.text) is None


async def test_a_key_is_read_once_in_five_seconds_also_if_there_is_none(
    keys: Keys, counted: Counted, clock: Clock
) -> None:
    text = (await keys.create("billing", "local", Role.VIEWER)).text
    unknown = "csms_0123_" + "A" * 43
    for _ in range(100):
        await keys.caller(text)
        await keys.caller(unknown)
    assert counted.reads == 2

    clock.now += CACHE_LIFETIME
    await keys.caller(text)
    assert counted.reads == 3


async def test_the_cache_is_bounded_however_many_ids_are_guessed(keys: Keys) -> None:
    for number in range(2 * CACHE_SIZE):
        await keys.caller(f"csms_{number}_" + "A" * 43)
    assert len(keys._cache) == CACHE_SIZE


async def test_the_last_use_is_stored_once_an_hour(keys: Keys, clock: Clock) -> None:
    new = await keys.create("billing", "local", Role.VIEWER)
    used = []
    for minutes in (0, 59, 60):
        clock.now = START + timedelta(minutes=minutes)
        await keys.caller(new.text)
        used.append((await keys.existing(new.key.id)).last_used_at)

    assert used == [START, START, START + timedelta(hours=1)]


async def test_a_wrong_secret_is_no_use_of_the_key(keys: Keys) -> None:
    new = await keys.create("billing", "local", Role.VIEWER)
    await keys.caller(f"csms_{new.key.id}_" + "A" * 43)
    assert (await keys.existing(new.key.id)).last_used_at is None


async def test_a_store_that_is_full_refuses_nobody(keys: Keys, counted: Counted) -> None:
    text = (await keys.create("billing", "local", Role.VIEWER)).text
    counted.is_full = True
    assert await keys.caller(text) is not None


async def test_keys_that_do_not_count_make_room_for_new_ones(
    keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_KEYS", 3)
    made = [await keys.create(str(number), "local", Role.VIEWER) for number in range(3)]
    with pytest.raises(TooMany):
        await keys.create("one more", "local", Role.VIEWER)

    await keys.revoke(made[0].key.id)
    await keys.create("one more", "local", Role.VIEWER)
    assert {key.name for key in (await keys.page(10, "")).items} == {"1", "2", "one more"}


def api(keys: Keys | None = None, **flags: object) -> httpx.AsyncClient:
    router = ScopedRouter(Scope.STATIONS_READ)

    @router.get("/things")
    async def things() -> int:
        return 1

    app = create_app("Things", router, load(**flags), keys=keys)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


async def status(http: httpx.AsyncClient, bearer: str = "") -> int:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    return (await http.get("/things", headers=headers)).status_code


async def test_on_loopback_nobody_needs_a_key_until_there_is_one(keys: Keys) -> None:
    async with api(keys) as http:
        before = await status(http)
        new = await keys.create("billing", "local", Role.VIEWER)
        after = [await status(http), await status(http, new.text)]
        await keys.revoke(new.key.id)
        revoked = [await status(http), await status(http, new.text)]

    assert (before, after, revoked) == (200, [401, 200], [401, 401])


async def test_the_first_key_counts_in_another_process_within_seconds(
    keys: Keys, store: SqliteStore, clock: Clock
) -> None:
    async with api(Keys.of(store, clock)) as http:
        before = await status(http)
        await keys.create("billing", "elsewhere", Role.VIEWER)
        clock.now += CACHE_LIFETIME
        assert (before, await status(http)) == (200, 401)


async def test_the_api_token_may_do_everything_beside_the_keys(keys: Keys) -> None:
    new = await keys.create("gateway", "local", scopes=[Scope.ADMISSION])
    async with api(keys, api_token="0123456789abcdef") as http:
        answers = [
            await status(http, each) for each in ("0123456789abcdef", new.text, "0123456789abcdeF", "")
        ]

    assert answers == [200, 403, 401, 401]


async def test_services_show_the_keys_of_their_folder(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    async with api(service_keys=folder, host="0.0.0.0") as http:
        answers = {
            name: await status(http, (folder / name / "key").read_text())
            for name in ("gateway", "transaction", "user")
        }
        assert answers == {"gateway": 403, "transaction": 403, "user": 200}
        assert await status(http) == 401
    assert {(folder / name / "key").stat().st_mode & 0o777 for name in answers} == {0o600}


async def test_guesses_of_the_secret_of_a_key_are_slowed_down(keys: Keys) -> None:
    id = (await keys.create("billing", "local", Role.VIEWER)).key.id
    async with api(keys, failed_logins_per_minute=10) as http:
        answers = [await status(http, f"csms_{id}_{number:043}") for number in range(30)]
    assert 401 in answers
    assert answers[-1] == 429
