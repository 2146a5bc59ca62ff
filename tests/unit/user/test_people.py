"""``/me`` and ``/keys`` by REST."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from libs.csms.access.keys import Keys
from libs.csms.access.scopes import Role, Scope
from libs.csms.clock import utc_now
from libs.csms.settings import load
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.web.app import create_app
from services.user.people.api import people_api

Client = Callable[[str], httpx.AsyncClient]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "csms.db")
    yield store
    await store.close()


@pytest.fixture
def keys(store: SqliteStore) -> Keys:
    return Keys.of(store, utc_now)


@pytest.fixture
def client(keys: Keys) -> Client:
    app = create_app("User service", people_api(keys), load(), keys=keys)

    def client_with(key: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost", headers=headers
        )

    return client_with


@pytest.fixture
async def admin(keys: Keys, client: Client) -> AsyncIterator[httpx.AsyncClient]:
    async with client((await keys.create("admin", "test", Role.ADMIN)).text) as http:
        yield http


async def test_on_loopback_without_keys_the_caller_may_do_everything(client: Client) -> None:
    async with client("") as http:
        me = (await http.get("/me")).json()
    assert (me["id"], me["kind"], set(me["scopes"])) == ("local", "local", set(Scope))


async def test_a_key_is_shown_once_and_then_says_what_it_may_do(
    client: Client, admin: httpx.AsyncClient, keys: Keys
) -> None:
    body = {"name": "billing", "role": "viewer", "scopes": ["tokens:read"], "groups": ["north"], "days": 30}
    created = await admin.post("/keys", json=body)
    shown = created.json()
    async with client(shown["key"]) as http:
        me = (await http.get("/me")).json()
    listed = (await admin.get("/keys")).json()["items"]
    found = (await admin.get(created.headers["Location"])).json()

    assert created.status_code == 201
    assert (me["id"], me["kind"], me["groups"]) == (shown["id"], "key", ["north"])
    assert me["scopes"] == shown["scopes"]
    assert {"tokens:read", "stations:read"} < set(me["scopes"])
    assert {key["id"] for key in listed} == {shown["id"], (await admin.get("/me")).json()["id"]}
    assert "key" not in found
    assert found.keys() - shown.keys() == {"lastUsedAt"}
    secret = shown["key"].split("_", 2)[2]
    assert secret not in str(listed)
    assert all("sha256" not in key for key in listed)


async def test_the_first_key_is_that_of_an_administrator(client: Client) -> None:
    async with client("") as http:
        viewer = await http.post("/keys", json={"name": "screen", "role": "viewer"})
        admin = await http.post("/keys", json={"name": "me", "role": "admin"})
        second = await http.post("/keys", json={"name": "screen", "role": "viewer"})

    assert [each.status_code for each in (viewer, admin, second)] == [409, 201, 401]


async def test_nobody_makes_or_rotates_a_key_that_may_more_than_he(
    client: Client, admin: httpx.AsyncClient, keys: Keys
) -> None:
    scopes = [Scope.KEYS_WRITE, Scope.STATIONS_READ]
    text = (await keys.create("portal", "test", scopes=scopes)).text
    [administrator] = [key for key in (await keys.page(10, "")).items if key.role is Role.ADMIN]
    async with client(text) as http:
        more = await http.post("/keys", json={"name": "x", "role": "viewer"})
        rotated = await http.post(f"/keys/{administrator.id}/rotate")
        same = await http.post("/keys", json={"name": "x", "scopes": ["stations:read"]})

    assert [each.status_code for each in (more, rotated, same)] == [403, 403, 201]
    assert "commands:read" in more.json()["detail"]


async def test_who_is_bound_to_groups_sees_no_keys(client: Client, keys: Keys) -> None:
    text = (await keys.create("north", "test", Role.ADMIN, groups=["north"])).text
    async with client(text) as http:
        assert [(await http.get(path)).status_code for path in ("/me", "/keys")] == [200, 403]


async def test_a_rotated_key_has_two_secrets_and_a_revoked_one_counts_no_more(
    client: Client, admin: httpx.AsyncClient
) -> None:
    first = (await admin.post("/keys", json={"name": "billing", "role": "viewer"})).json()
    second = (await admin.post(f"/keys/{first['id']}/rotate", json={"overlapHours": 1})).json()
    before = [await status(client(one["key"])) for one in (first, second)]
    revoked = (await admin.delete(f"/keys/{first['id']}")).json()
    after = [await status(client(one["key"])) for one in (first, second)]
    again = await admin.post(f"/keys/{first['id']}/rotate")

    assert second["secrets"] == 2
    assert (before, after) == ([200, 200], [401, 401])
    assert revoked["revokedAt"]
    assert again.status_code == 409


async def test_without_overlap_the_secret_before_ends_at_once(
    client: Client, admin: httpx.AsyncClient
) -> None:
    first = (await admin.post("/keys", json={"name": "billing", "role": "viewer"})).json()
    second = (await admin.post(f"/keys/{first['id']}/rotate", json={"overlapHours": 0})).json()

    assert [await status(client(one["key"])) for one in (first, second)] == [401, 200]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x"},
        {"name": "", "role": "viewer"},
        {"name": "x", "role": "root"},
        {"name": "x", "scopes": ["everything"]},
        {"name": "x", "role": "viewer", "days": 0},
        {"name": "x", "role": "viewer", "groups": []},
        {"name": "x", "role": "viewer", "secret": "mine"},
    ],
)
async def test_what_is_no_key_is_refused(admin: httpx.AsyncClient, body: dict[str, object]) -> None:
    assert (await admin.post("/keys", json=body)).status_code == 422


async def test_there_is_no_key_of_another_id(admin: httpx.AsyncClient) -> None:
    answers = [await admin.get("/keys/x"), await admin.delete("/keys/x"), await admin.post("/keys/x/rotate")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]


async def status(http: httpx.AsyncClient) -> int:
    async with http:
        return (await http.get("/me")).status_code
