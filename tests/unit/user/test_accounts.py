"""``/users`` by REST: who may add, change and remove whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from libs.csms.access.callers import LOCAL
from libs.csms.access.scopes import Role, Scope
from libs.csms.access.sessions import CACHE_LIFETIME
from libs.csms.errors import TooMany
from services.user.people import accounts as module
from services.user.people.accounts import LastAdministrator
from tests.security.people import PASSWORD, SHELL, People, sign_in, status


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[People]:
    people = People(tmp_path)
    yield people
    await people.store.close()


@pytest.fixture
async def admin(people: People) -> AsyncIterator[httpx.AsyncClient]:
    await people.add()
    async with people.signed_in() as http:
        yield http


def person(id: str = "bert", **fields: object) -> dict[str, object]:
    return {"id": id, "name": "Bert", "password": PASSWORD, "role": "viewer"} | fields


async def test_a_person_is_added_and_then_signs_in(people: People, admin: httpx.AsyncClient) -> None:
    body = person("bert@example.com", scopes=["tokens:read"], groups=["north"])
    added = await admin.post("/users", json=body)
    found = (await admin.get(added.headers["Location"])).json()
    listed = (await admin.get("/users")).json()["items"]
    async with people.browser() as http:
        await sign_in(http, "Bert@Example.com ")
        me = (await http.get("/me")).json()

    assert added.status_code == 201
    assert found == added.json()
    assert [each["id"] for each in listed] == ["anna", "bert@example.com"]
    assert (me["id"], me["kind"], me["groups"]) == ("bert@example.com", "person", ["north"])
    assert me["scopes"] == found["scopes"]
    assert {"tokens:read", "stations:read"} < set(me["scopes"])
    assert (found["createdBy"], found["secondFactor"], found["sessions"]) == ("anna", False, 0)
    assert "password" not in found


async def test_there_is_one_person_of_an_id(people: People, admin: httpx.AsyncClient) -> None:
    first = await admin.post("/users", json=person(name="First"))
    second = await admin.post("/users", json=person(name="Second"))
    assert [first.status_code, second.status_code] == [201, 409]
    assert (await people.accounts.existing("bert")).name == "First"


@pytest.mark.parametrize(
    "body",
    [
        person(password="eleven chars"[:11]),
        person(password="bert@example", id="bert@example"),
        person("long.user.name", password="Long.User.Name"),
        person("long.user.name@example.com", password="LONG.user.name"),
        person(name="Bert van der Berg", password="bert van der berg"),
        person(password="passwordpassword"),
        person(password="QwertyUiop123"),
        person(password="aaaaaaaaaaaaaaaa"),
        person(password="é" * 10 + "abc" * 340),
        person(password="ﬁ" * 3 + "é" * 500),
        person(password=PASSWORD, role=None),
        person("Bert"),
        person("b"),
        person("bert@"),
        person("be rt"),
        person("bert:x"),
        person("../bert"),
        person("ünal"),
        person("x" * 101),
        person("bert\n"),
        person("local"),
        person("gateway"),
        person("0123456789abcdef"),
        person(role="root"),
        person(scopes=["everything"]),
        person(groups=[]),
        person(name=""),
        person(name="Bert\x1b[2J"),
        person(disabledAt="2026-01-01T00:00:00Z"),
    ],
)
async def test_what_is_no_person_is_refused(
    people: People, admin: httpx.AsyncClient, body: dict[str, object]
) -> None:
    answer = await admin.post("/users", json=body)
    assert answer.status_code == 422
    assert str(body["password"]) not in answer.text
    assert [one.id for one in (await people.accounts.page(10, "")).items] == ["anna"]


@pytest.mark.parametrize(
    "password", ["a" * 8 + "bcde", "correct horse battery", "ünïcödé wörds", "        four", "song" * 256]
)
async def test_a_long_password_is_good_whatever_it_consists_of(
    people: People, admin: httpx.AsyncClient, password: str
) -> None:
    added = await admin.post("/users", json=person(password=password))
    assert added.status_code == 201
    assert (await sign_in(people.browser(), "bert", password)).status_code == 201


async def test_a_password_is_the_same_on_every_keyboard(people: People, admin: httpx.AsyncClient) -> None:
    await admin.post("/users", json=person(password="caf\u00e9 caf\u00e9 caf\u00e9"))
    assert (await sign_in(people.browser(), "bert", "cafe\u0301 cafe\u0301 cafe\u0301")).status_code == 201


async def test_a_patch_changes_what_it_names(people: People, admin: httpx.AsyncClient) -> None:
    await admin.post("/users", json=person(groups=["north"], scopes=["tokens:read"]))
    renamed = await admin.patch("/users/bert", json={"name": "Bertha"})
    without_role = await admin.patch("/users/bert", json={"role": None, "groups": None})
    without_rights = await admin.patch("/users/bert", json={"scopes": []})
    wrong = [
        await admin.patch("/users/bert", json=body)
        for body in ({"name": None}, {"disabled": None}, {"id": "carl"}, {"sessions": []}, {"password": None})
    ]

    assert (renamed.json()["name"], renamed.json()["groups"]) == ("Bertha", ["north"])
    assert without_role.json()["scopes"] == ["tokens:masked", "tokens:read"]
    assert {"role", "groups"}.isdisjoint(without_role.json())
    assert without_rights.status_code == 422
    assert {answer.status_code for answer in wrong} == {422}


async def test_a_new_password_of_an_administrator_ends_the_sessions(
    people: People, admin: httpx.AsyncClient
) -> None:
    await people.add("bert", Role.VIEWER)
    async with people.signed_in("bert") as bert:
        weak = await admin.patch("/users/bert", json={"password": "short"})
        strong = await admin.patch("/users/bert", json={"password": "another four words"})
        alive = await status(bert)
    assert [weak.status_code, strong.status_code, alive] == [422, 200, 401]
    assert (await sign_in(people.browser(), "bert")).status_code == 401
    assert (await sign_in(people.browser(), "bert", "another four words")).status_code == 201


async def test_nobody_adds_or_changes_who_may_more_than_he(people: People, admin: httpx.AsyncClient) -> None:
    scopes = [Scope.USERS_WRITE, Scope.STATIONS_READ]
    await people.accounts.create("portal", "Portal", PASSWORD, SHELL, scopes=scopes)
    await people.accounts.create("reader", "Reader", PASSWORD, SHELL, scopes=[Scope.STATIONS_READ])
    async with people.signed_in("portal") as portal:
        refused = [
            await portal.post("/users", json=person()),
            await portal.patch("/users/reader", json={"role": "operator"}),
            await portal.patch("/users/portal", json={"role": "admin"}),
            await portal.patch("/users/anna", json={"password": "another four words"}),
            await portal.patch("/users/anna", json={"disabled": True}),
            await portal.patch("/users/anna", json={"role": "viewer"}),
            await portal.patch("/users/anna", json={"role": None, "scopes": ["stations:read"]}),
            await portal.delete("/users/anna/totp"),
            await portal.delete("/users/anna"),
        ]
        allowed = [
            await portal.post("/users", json=person(role=None, scopes=["stations:read"])),
            await portal.patch("/users/reader", json={"disabled": True}),
        ]

    assert [answer.status_code for answer in refused] == [403] * 9
    assert [answer.status_code for answer in allowed] == [201, 200]
    assert (await people.accounts.existing("anna")).administers


async def test_who_may_not_change_people_sees_none(people: People, admin: httpx.AsyncClient) -> None:
    await people.add("bert", Role.OPERATOR)
    await people.add("north", Role.ADMIN, groups=["north"])
    for id in ("bert", "north"):
        async with people.signed_in(id) as http:
            answers = [
                await http.get("/users"),
                await http.get("/users/anna"),
                await http.post("/users", json=person()),
            ]
            assert {answer.status_code for answer in answers} == {403}
            assert await status(http) == 200


@pytest.mark.parametrize(
    "change", [{"disabled": True}, {"role": "operator"}, {"groups": ["north"]}, None], ids=str
)
async def test_the_last_administrator_stays(
    people: People, admin: httpx.AsyncClient, change: dict[str, object] | None
) -> None:
    await people.add("bert", Role.VIEWER)
    await people.add("carl", Role.ADMIN, groups=["north"])  # who sees no people

    async def go(id: str) -> int:
        if change is None:
            return (await admin.delete(f"/users/{id}")).status_code
        return (await admin.patch(f"/users/{id}", json=change)).status_code

    alone = await go("anna")
    still = await status(admin)
    await people.add("dora")
    other = await go("dora")
    again = await go("anna")

    assert (alone, still, again) == (409, 200, 409)
    assert other in (200, 204)
    assert (await people.accounts.existing("anna")).administers


async def test_two_administrators_who_disable_each_other_at_once_are_not_both_gone(
    people: People,
) -> None:
    await people.add("anna")
    await people.add("bert")
    for _ in range(20):
        results = await asyncio.gather(
            people.accounts.disable("anna", SHELL),
            people.accounts.disable("bert", SHELL),
            return_exceptions=True,
        )
        assert any(isinstance(result, LastAdministrator) for result in results)
        left = [one for one in (await people.accounts.page(10, "")).items if one.administers]
        assert left
        for one in ("anna", "bert"):
            await people.accounts.change(one, lambda known: known.enabled(), SHELL)


async def test_the_first_person_is_an_administrator_and_then_nobody_is_local(people: People) -> None:
    async with people.browser() as http, people.browser(people.other) as other:
        before = [await status(http), await status(other, "/things")]
        viewer = await http.post("/users", json=person())
        bound = await http.post("/users", json=person(role="admin", groups=["north"]))
        first = await http.post("/users", json=person(role="admin"))
        second = await http.post("/users", json=person("carl", role="admin"))
        people.clock.now += CACHE_LIFETIME
        after = [await status(http), await status(other, "/things")]

    assert before == [200, 200]
    assert [viewer.status_code, bound.status_code, first.status_code, second.status_code] == [
        409,
        409,
        201,
        401,
    ]
    assert after == [401, 401]
    assert (await people.accounts.existing("bert")).created_by == LOCAL.id


async def test_people_are_bounded(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PEOPLE", 2)
    await people.add("anna")
    await people.add("bert")
    with pytest.raises(TooMany):
        await people.add("carl")
    await people.accounts.remove("bert", SHELL)
    await people.add("carl")


async def test_there_is_nobody_of_another_id(admin: httpx.AsyncClient) -> None:
    answers = [
        await admin.get("/users/x"),
        await admin.patch("/users/x", json={"name": "X"}),
        await admin.delete("/users/x"),
        await admin.delete("/users/x/totp"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
