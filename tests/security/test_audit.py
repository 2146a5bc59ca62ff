"""Who did what is written down before it happens, and how it ended."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import Request
from fastapi.responses import JSONResponse

from libs.csms.access.callers import CALLER, Caller
from libs.csms.access.keys import Keys
from libs.csms.access.routes import CHANGES_NOTHING, ScopedRouter
from libs.csms.access.scopes import Role, Scope
from libs.csms.audit import segment as segment_module
from libs.csms.audit import trail as trail_module
from libs.csms.audit.changes import MAX_CHANGES, MAX_READ, changes_of
from libs.csms.audit.model import End, Record
from libs.csms.audit.requests import CommandIds
from libs.csms.audit.segment import NotRecorded
from libs.csms.audit.trail import REFUSALS_PER_MINUTE, Refusals, Trail
from libs.csms.clock import utc_now
from libs.csms.errors import Conflict, Unauthenticated
from libs.csms.settings import load
from libs.csms.storage.queries import every
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.storage.store import NotStored, Query
from libs.csms.web.app import Body, create_app
from libs.csms.web.server import inside
from services.user.audit.api import audit_api

from .audit_victim import Thing
from .trails import Copy, act, carry_out, trail_of


class Name(Body):
    name: str = ""
    password: str = ""


class Typed(Body):
    type: str = ""


class Things:
    """An API, and what has happened in it."""

    def __init__(self, store: SqliteStore, **settings: Any) -> None:
        self.done: list[str] = []
        self.recorded_before: list[int] = []
        self.trail = trail_of(store)
        self.keys = Keys.of(store, utc_now)
        self.app = create_app(
            "Things service", self._router(), load(**settings), keys=self.keys, trail=self.trail
        )

    def _router(self) -> ScopedRouter:
        router = ScopedRouter(Scope.STATIONS_READ, Scope.STATIONS_WRITE)

        @router.get("/things")
        async def get_things() -> int:
            return 1

        @router.post("/things", status_code=201)
        async def make_thing(body: Name, command_ids: CommandIds) -> JSONResponse:
            self.recorded_before.append(len((await Copy.of(self.trail)).records_))
            self.done.append(body.name)
            command_ids.append("c1")
            return JSONResponse({}, 201, {"Location": "/things/7"})

        @router.delete("/things/{id}")
        async def delete_thing(id: str) -> None:
            self.done.append(id)
            raise Conflict("it is needed")

        @router.post("/things/{id}/break")
        async def break_thing(id: str) -> None:
            raise RuntimeError("a bug")

        @router.put("/chargingstations/{id}/things/{idToken}")
        async def put_thing(id: str, body: Typed) -> None:
            self.done.append(id)

        @router.post("/sessions", status_code=201)
        async def sign_in(body: Name, request: Request) -> str:
            if body.password != "right":
                raise Unauthenticated("wrong")
            request.scope[CALLER] = Caller(f"person-{body.name}", "key", frozenset())
            return "the session"

        @router.post("/question", openapi_extra=CHANGES_NOTHING)
        async def ask() -> int:
            return 1

        router.include_router(audit_api(self.trail))
        return router

    def client(self, **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=("192.0.2.7", 1))
        return httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)

    async def records(self) -> list[Record]:
        if self.trail._unwatched:
            await asyncio.wait(self.trail._unwatched)
        return [one for one in (await Copy.of(self.trail)).records_ if one.kind != "opening"]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "csms.db")
    yield store
    await store.close()


@pytest.fixture
def things(store: SqliteStore) -> Things:
    return Things(store)


async def test_a_record_says_who_did_what_and_how_it_ended(things: Things) -> None:
    new = await things.keys.create("billing", "test", Role.OPERATOR)
    async with things.client(Authorization=f"Bearer {new.text}") as http:
        answer = await http.post(
            "/things", json={"name": "x", "password": "very secret"}, headers={"X-Request-ID": "mine-1"}
        )
    [record] = await things.records()

    assert things.recorded_before == [2]  # the opening and this
    shown = record.model_dump(exclude_none=True, exclude={"id", "segment", "at", "link", "heads"})
    assert record.end is not None
    assert record.end.model_dump(exclude={"at", "link"}) == {
        "status": 201,
        "command_ids": ("c1",),
        "location": "/things/7",
    }
    assert shown | {"end": None} == {
        "kind": "act",
        "service": "Things service",
        "request_id": answer.headers["X-Request-ID"],
        "client_request_id": "mine-1",
        "caller_id": new.key.id,
        "caller_kind": "key",
        "address": "192.0.2.7",
        "action": "POST /things",
        "path": "/things",
        "changes": ({"field": "name", "value": "x"}, {"field": "password", "value": "***"}),
        "outcome": "succeeded",
        "end": None,
    }


async def test_what_fails_has_a_record_too(things: Things) -> None:
    async with things.client() as http:
        await http.delete("/things/7")
        await http.post("/things", json={"nme": "x"})
        await http.post("/things", content="{", headers={"Content-Type": "application/json"})
        await http.post("/things/7/break")
    ends = [
        (one.action, one.target, one.outcome, one.end and one.end.status) for one in await things.records()
    ]

    assert ends == [
        ("DELETE /things/{id}", "7", "failed", 409),
        ("POST /things", None, "failed", 422),
        ("POST /things", None, "failed", 422),
        ("POST /things/{id}/break", "7", "failed", 500),
    ]


def nobody(things: Things) -> httpx.AsyncClient:
    """Who is about to sign in. No scope is needed for that."""
    return inside(things.app, Caller("nobody", "nobody", frozenset({Scope.STATIONS_WRITE})))  # type: ignore[arg-type]


async def test_who_signs_in_is_recorded_without_what_was_typed(things: Things) -> None:
    """People type their passwords where their names belong."""
    async with nobody(things) as http:
        right = await http.post("/sessions", json={"name": "anna", "password": "right"})
        wrong = await http.post("/sessions", json={"name": "otto", "password": "wrong"})
    [signed_in, refused] = await things.records()

    assert (right.status_code, wrong.status_code) == (201, 401)
    assert [(one.outcome, one.status, one.caller_id) for one in (signed_in, refused)] == [
        ("succeeded", 201, "person-anna"),
        ("refused", 401, "nobody"),
    ]
    for one in (signed_in, refused):
        assert [(change.field, change.value) for change in one.changes] == [
            ("name", None),
            ("password", None),
        ]
    assert await (await Copy.of(things.trail)).broken() == []


async def test_guesses_of_passwords_are_sampled_and_the_right_one_is_always_recorded(things: Things) -> None:
    async with nobody(things) as http:
        for _ in range(3 * REFUSALS_PER_MINUTE):
            await http.post("/sessions", json={"name": "anna", "password": "wrong"})
        for _ in range(3 * REFUSALS_PER_MINUTE):
            await http.post("/sessions", json={"no": "name"})
        for _ in range(2 * REFUSALS_PER_MINUTE):
            await http.post("/sessions", json={"name": "anna", "password": "right"})
    outcomes = [one.outcome for one in await things.records()]

    assert outcomes.count("refused") == outcomes.count("failed") == REFUSALS_PER_MINUTE
    assert outcomes.count("succeeded") == 2 * REFUSALS_PER_MINUTE


async def test_nobody_signs_in_unrecorded(things: Things) -> None:
    Refusing(things.trail)
    async with nobody(things) as http:
        answer = await http.post("/sessions", json={"name": "anna", "password": "right"})

    assert answer.status_code == 503
    assert "the session" not in answer.text
    assert answer.headers["X-Request-ID"]


async def test_reading_and_asking_write_nothing(things: Things) -> None:
    async with things.client() as http:
        await http.get("/things")
        await http.post("/question")
        await http.post("/nowhere")
    assert (await Copy.of(things.trail)).segments_ == []


async def test_a_body_that_is_refused_is_refused_as_without_a_trail(store: SqliteStore) -> None:
    things = Things(store, max_body_bytes=2_000)

    async def too_long() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * 1_000

    async with things.client(**{"Content-Type": "application/json"}) as http:
        answers = [
            await http.post("/things", content=too_long()),
            await http.post("/things", content=b" " * 3_000),
            await http.post("/things", content=b"{}", headers={"Content-Type": "text/plain"}),
        ]
    assert [answer.status_code for answer in answers] == [413, 413, 415]
    assert await things.records() == []


async def test_a_station_and_a_token_in_the_path(things: Things) -> None:
    async with things.client() as http:
        await http.put("/chargingstations/CS1/things/04AABBCCDD", json={})
        await http.put("/chargingstations/CS1/things/123456789", json={})
        await http.put("/chargingstations/CS1/things/PIN-4711-xyz", json={"type": "KeyCode"})
    paths = [(one.path, one.target, one.station_id) for one in await things.records()]

    assert paths == [
        ("/chargingstations/CS1/things/****CCDD", "****CCDD", "CS1"),
        ("/chargingstations/CS1/things/****", "****", "CS1"),
        ("/chargingstations/CS1/things/****", "****", "CS1"),
    ]


async def test_every_answer_has_a_request_id_that_no_client_chooses(things: Things) -> None:
    async with things.client() as http:
        answers = [
            await http.get("/things", headers={"X-Request-ID": "mine"}),
            await http.post("/things", json={}, headers={"X-Request-ID": "no id\\"}),
            await http.get("/nowhere"),
            await http.get("/things", headers={"Host": "evil.example"}),
        ]
    ids = [answer.headers["X-Request-ID"] for answer in answers]
    [record, _] = await things.records()

    assert len(set(ids)) == 4
    assert "mine" not in ids
    assert (record.request_id, record.client_request_id) == (ids[1], None)


class Refusing:
    """The records of a trail, of which the writes fail as told."""

    def __init__(self, trail: Trail) -> None:
        self._records = trail.records
        trail.records = self  # type: ignore[assignment]
        self.is_refusing = True
        self.error: Callable[[], BaseException] = NotStored

    async def put_all(self, documents: Any) -> None:
        if self.is_refusing:
            raise self.error()
        await self._records.put_all(documents)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)


@pytest.mark.parametrize("error", [NotStored, TimeoutError, OSError])
async def test_what_cannot_be_written_down_does_not_happen(things: Things, error: type[Exception]) -> None:
    refusing = Refusing(things.trail)
    refusing.error = error
    async with things.client() as http:
        refused = await http.post("/things", json={"name": "a"})
        reading = await http.get("/things")
        refusing.is_refusing = False
        later = await http.post("/things", json={"name": "b"})

    assert (refused.status_code, refused.headers["Retry-After"], reading.status_code) == (503, "1", 200)
    assert "nothing was done" in refused.json()["detail"]
    assert later.status_code == 201
    assert things.done == ["b"]


async def test_what_happened_and_whose_end_cannot_be_written_stays_unknown(
    things: Things, caplog: pytest.LogCaptureFixture
) -> None:
    refusing = Refusing(things.trail)
    refusing.is_refusing = False
    begun = await things.trail.begin(act(1))
    refusing.is_refusing = True
    await things.trail.end(begun, End(at=utc_now(), status=200))
    refusing.is_refusing = False
    await carry_out(things.trail, 2)
    await things.trail.close()
    copy = await Copy.of(things.trail)

    assert [one.outcome for one in copy.records_ if one.kind == "act"] == ["unknown", "succeeded"]
    assert len(copy.segments_) == 2
    assert await copy.broken() == []
    assert f"audit record {begun.id}: status 200" in caplog.text


async def test_a_write_that_failed_and_happened_all_the_same_is_no_forgery(store: SqliteStore) -> None:
    trail = trail_of(store)
    refusing = Refusing(trail)
    refusing.is_refusing = False
    await carry_out(trail, 1)

    async def write_and_fail(documents: Any) -> None:
        await refusing._records.put_all(documents)
        raise OSError

    refusing.put_all = write_and_fail  # type: ignore[method-assign]
    with pytest.raises(NotRecorded):
        await trail.begin(act(2))
    del refusing.put_all
    await carry_out(trail, 3)
    await trail.close()
    copy = await Copy.of(trail)

    assert [one.outcome for one in copy.records_ if one.kind == "act"] == [
        "succeeded",
        "unknown",
        "succeeded",
    ]
    assert await copy.broken() == []


async def test_a_store_that_hangs_refuses_after_a_while(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment_module, "WRITE_TIMEOUT", 0.01)
    trail = trail_of(store)
    refusing = Refusing(trail)

    async def hang(documents: Any) -> None:
        await asyncio.Event().wait()

    refusing.put_all = hang  # type: ignore[method-assign]
    with pytest.raises(NotRecorded):
        await trail.begin(act(1))


async def test_no_more_records_wait_than_a_bound(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment_module, "MAX_WAITING", 5)
    trail = trail_of(store)
    await carry_out(trail, 0)
    begun = await asyncio.gather(*(trail.begin(act(n)) for n in range(9)), return_exceptions=True)

    assert [isinstance(one, NotRecorded) for one in begun] == [False] * 5 + [True] * 4
    await trail.close()
    assert await (await Copy.of(trail)).broken() == []


async def test_after_the_end_nothing_happens_any_more(store: SqliteStore) -> None:
    trail = trail_of(store)
    await trail.close()
    with pytest.raises(NotRecorded):
        await trail.begin(act(1))


async def test_refusals_are_recorded_wherever_they_are(things: Things) -> None:
    viewer = (await things.keys.create("viewer", "test", Role.VIEWER)).text
    async with things.client() as http:
        key = {"Authorization": f"Bearer {viewer}"}
        assert (await http.get("/things")).status_code == 401
        assert (await http.post("/things", json={}, headers=key)).status_code == 403
        assert (await http.get("/audit/key", headers=key)).status_code == 403
        assert (await http.delete("/things/7", headers=key)).status_code == 403
        assert (await http.get("/things/secret-text", headers={"Host": "evil.example"})).status_code == 421
        assert (await http.post("/things", headers={"Origin": "https://evil.example"})).status_code == 403
    records = await things.records()

    assert {(one.kind, one.status, one.action, one.path, one.caller_kind) for one in records} == {
        ("refusal", 401, "GET /things", "/things", None),
        ("refusal", 403, "POST /things", "/things", "key"),
        ("refusal", 403, "GET /audit/key", "/audit/key", "key"),
        ("refusal", 403, "DELETE /things/{id}", "/things/7", "key"),
        ("refusal", 421, "GET /things", "/things", None),
        ("refusal", 403, "POST /things", "/things", None),
    }
    assert {one.outcome for one in records} == {"refused"}
    assert things.done == []


async def test_of_many_refusals_some_are_recorded_and_all_are_counted(things: Things) -> None:
    now = 0.0
    things.trail.refusals = Refusals(lambda: now)
    async with things.client() as http:
        for _ in range(REFUSALS_PER_MINUTE + 7):
            await http.get("/things", headers={"Host": "evil.example"})
        now = 60.0
        await http.get("/things", headers={"Host": "evil.example"})
    records = await things.records()

    assert len(records) == REFUSALS_PER_MINUTE + 1
    assert [one.left_out for one in records] == [None] * REFUSALS_PER_MINUTE + [7]


def test_refusals_of_many_addresses_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail_module, "MAX_COUNTERS", 50)
    now = 0.0
    refusals = Refusals(lambda: now)
    counted = [refusals.counted((401, f"192.0.{n // 250}.{n % 250}")) for n in range(5_000)]
    now = 60.0
    next_one = refusals.counted((401, "192.0.2.1"))

    recorded = sum(one is not None for one in counted)
    assert recorded == pytest.approx(trail_module.REFUSALS_IN_ALL, abs=1)
    assert len(refusals) == 50
    assert next_one is not None
    assert next_one.others == 5_000 - recorded - 50


async def test_refusals_that_cannot_be_written_are_counted(things: Things) -> None:
    refusing = Refusing(things.trail)
    async with things.client() as http:
        await http.get("/things", headers={"Host": "evil.example"})
        assert await things.records() == []
        refusing.is_refusing = False
        await http.get("/things", headers={"Host": "evil.example"})
    [record] = await things.records()
    assert record.left_out == 1


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        (b"", []),
        (b"[1]", []),
        (b'"text"', []),
        (b"{", []),
        (b'{"a": 1, "b": null, "c": true}', [("a", "1"), ("b", "null"), ("c", "true")]),
        (b'{"a": 1.50}', [("a", "1.5")]),
        (b'{"location": {"lat": 1, "x": {}}}', [("location.lat", None), ("location.x", None)]),
        (b'{"more": "x"}', [("more", None)]),
        (b'{"ids": ["a", "b"]}', [("ids", None)]),
        (b'{"secret": ["x"], "pin": "1"}', [("secret", None), ("pin", "***")]),
        (b'{"password": {"a": "x"}}', [("password", None)]),
        (b'{"idToken": "04AABBCCDD"}', [("idToken", "****CCDD")]),
        (b'{"idToken": "12345678", "type": "keyCode"}', [("idToken", "****"), ("type", "keyCode")]),
        (b'{"key": "AuthorizationKey", "value": "x"}', [("key", "AuthorizationKey"), ("value", "***")]),
        (b'{"url": "ftp://u:p@x"}', [("url", "ftp://u:***@x")]),
        (b'{"text": "%s"}' % (b"x" * 500), [("text", "x" * 100)]),
    ],
)  # fmt: skip
def test_of_a_body_the_fields_are_kept_without_secrets(body: bytes, changes: list[Any]) -> None:
    known = {
        "a",
        "b",
        "c",
        "d",
        "location",
        "secret",
        "pin",
        "idToken",
        "type",
        "key",
        "value",
        "url",
        "text",
    }
    assert [(one.field, one.value) for one in changes_of(body, known)] == changes


def test_what_is_kept_of_a_body_is_bounded() -> None:
    many = b"{" + b",".join(b'"%d": 1' % n for n in range(1_000)) + b"}"
    long = b'{"a": "secret", "b": "%s"}' % (b"x" * MAX_READ)
    deep = b'{"a":' * 500 + b"1" + b"}" * 500

    assert len(changes_of(many, ())) == MAX_CHANGES
    assert [(one.field, one.value) for one in changes_of(long, {"a"})] == [("a", None), ("b", None)]
    assert changes_of(deep, ()) == ()


async def audit(things: Things, auditor: Caller, **parameters: str) -> httpx.Response:
    async with inside(things.app, auditor) as http:
        return await http.get("/audit", params=parameters)


AUDITOR = Caller("auditor", "key", frozenset({Scope.AUDIT_READ}))


async def test_the_trail_is_read_newest_first_and_filtered(things: Things) -> None:
    async with things.client() as http:
        await http.post("/things", json={"name": "a"})
        await http.delete("/things/7")
        await http.put("/chargingstations/CS1/things/04AABBCCDD", json={})
    everything = (await audit(things, AUDITOR)).json()["items"]
    found = {
        name: [one["action"] for one in (await audit(things, AUDITOR, **parameters)).json()["items"]]
        for name, parameters in {
            "caller": {"caller": "local"},
            "action": {"action": "DELETE /things/{id}"},
            "target": {"target": "7"},
            "station": {"stationId": "CS1"},
            "failed": {"outcome": "failed"},
            "both": {"outcome": "succeeded", "stationId": "CS1"},
            "before": {"to": everything[-1]["at"]},
            "since": {"from": "2020-01-01T00:00:00Z", "pageSize": "1"},
        }.items()
    }  # fmt: skip

    make, delete, put = "POST /things", "DELETE /things/{id}", "PUT /chargingstations/{id}/things/{idToken}"
    assert [one["action"] for one in everything if one["kind"] == "act"] == [put, delete, make]
    assert found == {
        "caller": [put, delete, make],
        "action": [delete],
        "target": [delete],
        "station": [put],
        "failed": [delete],
        "both": [put],
        "before": [],
        "since": [put],
    }


async def test_only_who_may_read_the_trail_reads_it(things: Things) -> None:
    admin = (await things.keys.create("admin", "test", Role.ADMIN)).text
    answers = []
    for role in Role:
        key = (await things.keys.create(role, "test", role)).text
        async with things.client(Authorization=f"Bearer {key}") as http:
            answers.append((await http.get("/audit")).status_code)
    async with things.client(Authorization=f"Bearer {admin}") as http:
        key_view = (await http.get("/audit/key")).json()

    assert answers == [403, 403, 403, 200, 200]
    assert key_view["publicKey"] == things.trail.key.public.text
    bound = Caller("bound", "key", frozenset({Scope.AUDIT_READ}), frozenset({"north"}))
    assert (await audit(things, bound)).status_code == 403


@pytest.mark.parametrize("lines", [8, 13, 30])
async def test_of_a_process_that_is_killed_there_is_no_act_without_a_record(
    tmp_path: Path, lines: int
) -> None:
    command = [sys.executable, "-m", "tests.security.audit_victim", str(tmp_path)]
    victim = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert victim.stdout is not None
    for _ in range(lines):
        assert await victim.stdout.readline() == b"working\n"
    victim.kill()
    await victim.wait()
    store = SqliteStore(tmp_path / "csms.db")
    done = {one.id async for one in every(store.collection("things", Thing), Query())}
    copy = await Copy.of(trail_of(store))
    await store.close()
    recorded = {one.target: one.outcome for one in copy.records_ if one.kind == "act"}

    assert len(done) > 8
    assert done <= recorded.keys()
    assert {id for id, outcome in recorded.items() if outcome == "succeeded"} <= done
    assert await copy.broken() == []
