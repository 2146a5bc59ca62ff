"""What every store promises: the same tests on the embedded one and on Firestore."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from libs.csms.clock import Time, rfc3339
from libs.csms.storage.firestore import FirestoreStore
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.storage.store import (
    BadPageToken,
    Collection,
    Document,
    Index,
    MissingIndex,
    Query,
    Store,
    filters,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Location(Document):
    lat: float
    lng: float


class Charger(Document):
    vendor_name: str = "Acme"
    boots: int = 0
    online: bool = False
    seen_at: Time | None = None
    location: Location | None = None
    connectors: dict[str, list[str]] = {}
    notes: str = ""
    words: list[str] = []


class Tag(Document):
    status: str


INDEXES = [
    Index((), "seenAt"),
    Index(("vendorName",), "seenAt"),
    Index(("vendorName",), "seenAt", descending=True),
    Index(("vendorName",), "boots"),
    Index(("online",), "seenAt", descending=True),
    Index(("vendorName",)),
    Index(contains="words"),
    *filters("boots", "location.lat", "online"),
]


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.emulator)])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Store]:
    store: Store
    if request.param == "sqlite":
        store = SqliteStore(tmp_path / "csms.db")
    else:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", request.getfixturevalue("firestore_emulator"))
        store = FirestoreStore(f"test-{uuid4().hex[:12]}")
    yield store
    await store.close()


@pytest.fixture
def chargers(store: Store) -> Collection[Charger]:
    return store.collection("chargers", Charger, INDEXES)


def booted(charger: Charger | None) -> Charger:
    charger = charger or Charger()
    return charger.changed(boots=charger.boots + 1)


def becoming(charger: Charger) -> Callable[[Charger | None], Charger]:
    return lambda _: charger


def minute(number: int) -> datetime:
    return NOON + timedelta(minutes=number)


async def put(chargers: Collection[Charger], **documents: Charger) -> None:
    async with asyncio.TaskGroup() as group:
        for id, charger in documents.items():
            group.create_task(chargers.update(id, becoming(charger)))


async def test_a_document_that_was_never_written_is_none(chargers: Collection[Charger]) -> None:
    assert await chargers.get("CS1") is None
    assert (await chargers.find(Query())).items == []


async def test_an_update_creates_and_then_changes(chargers: Collection[Charger]) -> None:
    first = await chargers.update("CS1", booted)
    second = await chargers.update("CS1", booted)

    assert (first.boots, second.boots) == (1, 2)
    assert await chargers.get("CS1") == second
    assert await chargers.count({}) == 1


async def test_the_same_object_again_is_returned_as_it_was(chargers: Collection[Charger]) -> None:
    await chargers.update("CS1", booted)

    def unchanged(charger: Charger | None) -> Charger:
        assert charger is not None
        return charger

    assert (await chargers.update("CS1", unchanged)).boots == 1
    assert await chargers.get("CS1") == Charger(boots=1)


async def test_what_is_put_together_is_there(chargers: Collection[Charger]) -> None:
    await chargers.put("CS1", Charger(boots=7))
    await chargers.put_all({"CS1": Charger(boots=1), "a/b": Charger(boots=2)})

    assert await chargers.get("CS1") == Charger(boots=1)
    assert await chargers.get("a/b") == Charger(boots=2)


async def test_what_is_put_replaces_what_was_there(chargers: Collection[Charger]) -> None:
    await chargers.put("CS1", Charger(boots=7, notes="old"))
    await chargers.put("CS1", Charger(boots=3))

    assert await chargers.get("CS1") == Charger(boots=3)
    assert (await chargers.update("CS1", booted)).boots == 4
    assert (await chargers.find(Query({"boots": 4}))).items == [Charger(boots=4)]


async def test_a_change_that_raises_writes_nothing(chargers: Collection[Charger]) -> None:
    await chargers.update("CS1", booted)

    def refused(charger: Charger | None) -> Charger:
        raise PermissionError("not this one")

    for id in ("CS1", "CS2"):
        with pytest.raises(PermissionError, match="not this one"):
            await chargers.update(id, refused)
    assert await chargers.get("CS1") == Charger(boots=1)
    assert await chargers.get("CS2") is None


async def test_twenty_writers_of_one_document_all_count(chargers: Collection[Charger]) -> None:
    async with asyncio.TaskGroup() as group:
        writers = [group.create_task(chargers.update("CS1", booted)) for _ in range(20)]

    assert sorted(writer.result().boots for writer in writers) == list(range(1, 21))
    assert await chargers.get("CS1") == Charger(boots=20)


async def test_a_writer_that_is_cancelled_hinders_no_other(chargers: Collection[Charger]) -> None:
    async with asyncio.TaskGroup() as group:
        first = group.create_task(chargers.update("CS1", booted))
        second = group.create_task(chargers.update("CS1", booted))
        await asyncio.sleep(0)
        first.cancel()

    stored = await chargers.get("CS1")
    assert stored == second.result()


@pytest.mark.parametrize(
    "id",
    [
        "CS123", "a/b", "/", "a%2Fb", "100 % sure", "", " ", ".", "..", "__x__", "____", "Säule 7", "充電器",
        "tab\tline\nnul\0", "\"'\\`", "x" * 1000, "ü" * 1000, "/" * 1000, f"__{'x' * 1496}__",
    ],
    ids=lambda id: ascii(id)[:20],
)  # fmt: skip
async def test_any_text_is_a_good_id(chargers: Collection[Charger], id: str) -> None:
    await chargers.update(id, becoming(Charger(notes="mine")))
    await chargers.update(f"{id}x", becoming(Charger(notes="other")))

    assert await chargers.get(id) == Charger(notes="mine")
    first = await chargers.find(Query(page_size=1))
    second = await chargers.find(Query(page_size=1, page_token=first.next_page_token))
    assert {charger.notes for charger in (*first.items, *second.items)} == {"mine", "other"}
    assert await chargers.delete(id) == Charger(notes="mine")
    assert await chargers.get(id) is None


async def test_ids_that_look_alike_once_encoded_stay_apart(chargers: Collection[Charger]) -> None:
    ids = ["a/b", "a%2Fb", "a%252Fb", ".", "%2E", "", "%", "%25", "x" * 2000 + "1", "x" * 2000 + "2"]
    await put(chargers, **{id: Charger(notes=id) for id in ids})

    assert [await chargers.get(id) for id in ids] == [Charger(notes=id) for id in ids]
    assert await chargers.count({}) == len(ids)


async def test_documents_are_found_by_what_equals(chargers: Collection[Charger]) -> None:
    a = Charger(vendor_name="A", boots=1, online=True, notes="1")
    b = Charger(vendor_name="B", boots=1, online=False, location=Location(lat=0, lng=8.5))
    c = Charger(vendor_name="A", boots=2, online=True)
    await put(chargers, a=a, b=b, c=c)

    assert (await chargers.find(Query({"vendorName": "A"}))).items == [a, c]
    assert (await chargers.find(Query({"boots": 1}))).items == [a, b]
    assert (await chargers.find(Query({"online": False}))).items == [b]
    assert (await chargers.find(Query({"vendorName": "A", "boots": 2}))).items == [c]
    assert (await chargers.find(Query({"location.lat": 0}))).items == [b]
    assert (await chargers.find(Query({"vendorName": "C"}))).items == []
    assert (await chargers.find(Query({"boots": "1"}))).items == []
    assert (await chargers.find(Query({"vendorName": "A' OR '1'='1"}))).items == []


async def test_many_documents_are_read_by_their_ids(chargers: Collection[Charger]) -> None:
    ids = ["CS1", "a/b", ".", "ä", "x" * 2000, "100 %"]
    stored = {id: Charger(boots=n) for n, id in enumerate(ids)}
    await put(chargers, **stored)

    assert await chargers.get_all([*ids, "unknown", "CS1"]) == stored
    assert await chargers.get_all(["unknown"]) == {}
    assert await chargers.get_all([]) == {}
    await chargers.delete("CS1")
    assert await chargers.get_all(id for id in ("CS1", "ä")) == {"ä": stored["ä"]}


async def test_documents_are_found_by_a_text_in_a_list(chargers: Collection[Charger]) -> None:
    texts = ["acme", "22 kw", 'a "quoted" \\ one', "säule", "tab\tline\nend", "%", "/"]
    await put(chargers, **{f"cs{n}": Charger(boots=n, words=texts[n:]) for n in range(len(texts))})
    await put(chargers, other=Charger(notes="acme", connectors={"words": ["acme"]}), none=Charger())

    for n, text in enumerate(texts):
        found = await chargers.find(Query(contains=("words", text)))
        assert [charger.boots for charger in found.items] == list(range(n + 1)), text
    for part in ("acm", "ACME", "22", '"', ""):
        assert (await chargers.find(Query(contains=("words", part)))).items == [], part


async def test_what_a_list_contains_is_found_page_by_page(chargers: Collection[Charger]) -> None:
    await put(chargers, **{f"cs{n}": Charger(boots=n, words=["all", f"{n % 2}"]) for n in range(6)})
    found: list[int] = []
    token, pages = "", 0
    while token or not pages:
        page = await chargers.find(Query(contains=("words", "1"), page_size=2, page_token=token))
        found += [charger.boots for charger in page.items]
        token, pages = page.next_page_token, pages + 1

    assert (found, pages) == ([1, 3, 5], 2)
    first = await chargers.find(Query(contains=("words", "all"), page_size=2))
    with pytest.raises(BadPageToken):
        await chargers.find(Query(contains=("words", "1"), page_token=first.next_page_token))


async def test_a_list_that_changes_is_found_by_what_it_contains_now(chargers: Collection[Charger]) -> None:
    await put(chargers, a=Charger(words=["old"]), b=Charger(words=["old"]))
    await put(chargers, a=Charger(words=["new"]))

    assert (await chargers.find(Query(contains=("words", "new")))).items == [Charger(words=["new"])]
    assert (await chargers.find(Query(contains=("words", "old")))).items == [Charger(words=["old"])]


async def test_ids_are_bounded(chargers: Collection[Charger]) -> None:
    ids = ["a", "ab", "ab/c", "abd", "ac", "b", "ä"]
    await put(chargers, **{id: Charger(notes=id, online=id != "abd") for id in ids})

    async def found(query: Query) -> list[str]:
        return [charger.notes for charger in (await chargers.find(query)).items]

    assert await found(Query(from_="ab", to="ab\U0010ffff")) == ["ab", "ab/c", "abd"]
    assert await found(Query(from_="ac")) == ["ac", "b", "ä"]
    assert await found(Query(to="ab")) == ["a"]
    assert await found(Query({"online": True}, from_="ab", to="ac")) == ["ab", "ab/c"]
    first = await chargers.find(Query(from_="ab", to="b", page_size=2))
    second = Query(from_="ab", to="b", page_size=2, page_token=first.next_page_token)
    assert [one.notes for one in first.items] == ["ab", "ab/c"]
    assert await found(second) == ["abd", "ac"]


@pytest.mark.parametrize("also", [{"equals": {"online": True}}, {"order_by": "seenAt"}, {"from_": "a"}])
def test_a_query_for_what_a_list_contains_asks_for_nothing_else(also: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="compares and orders by nothing else"):
        Query(contains=("words", "acme"), **also)


def test_ids_are_bounded_by_texts() -> None:
    with pytest.raises(ValueError, match="texts"):
        Query(from_=1)


async def test_documents_are_counted(chargers: Collection[Charger]) -> None:
    await put(chargers, a=Charger(online=True), b=Charger(online=True), c=Charger())

    assert await chargers.count({"online": True}) == 2
    assert await chargers.count({"online": True, "boots": 5}) == 0
    assert await chargers.count({}) == 3


async def test_documents_are_ordered_and_bounded_by_a_time(chargers: Collection[Charger]) -> None:
    await put(chargers, **{f"cs{9 - n}": Charger(boots=n, seen_at=minute(n)) for n in range(10)})
    bounds = Query(order_by="seenAt", from_=rfc3339(minute(3)), to=rfc3339(minute(6)))

    assert [charger.boots for charger in (await chargers.find(bounds)).items] == [3, 4, 5]
    latest = await chargers.find(Query({"vendorName": "Acme"}, "seenAt", descending=True, page_size=2))
    assert [charger.boots for charger in latest.items] == [9, 8]
    since = await chargers.find(Query({"vendorName": "Acme"}, "seenAt", from_=rfc3339(minute(8))))
    assert [charger.seen_at for charger in since.items] == [minute(8), minute(9)]


async def test_indexes_of_the_same_order_serve_a_query_together(chargers: Collection[Charger]) -> None:
    online = {f"cs{n}": Charger(online=n % 2 == 0, seen_at=minute(n)) for n in range(6)}
    await put(chargers, **online, other=Charger(vendor_name="Other", online=True, seen_at=NOON))

    both = Query({"vendorName": "Acme", "online": True}, "seenAt", True, to=rfc3339(minute(4)))
    assert [charger.seen_at for charger in (await chargers.find(both)).items] == [minute(2), minute(0)]


@pytest.mark.parametrize(
    "query",
    [
        Query({"notes": ""}),
        Query({"vendorName": "Acme", "notes": ""}),
        Query({"boots": 1}, "seenAt"),
        Query({"vendorName": "Acme"}, "boots", descending=True),
        Query({"vendorName": "Acme", "boots": 1}, "seenAt"),
        Query({"online": True, "vendorName": "Acme"}, "seenAt"),
        Query(order_by="seenAt", descending=True),
        Query(order_by="boots"),
        Query(descending=True),
        Query(contains=("connectors", "1")),
        Query(order_by="words"),
    ],
)
async def test_a_query_that_no_index_serves_is_refused(chargers: Collection[Charger], query: Query) -> None:
    with pytest.raises(MissingIndex, match="collection chargers"):
        await chargers.find(query)


async def test_a_count_needs_an_index_too(chargers: Collection[Charger]) -> None:
    with pytest.raises(MissingIndex):
        await chargers.count({"notes": ""})


async def test_a_field_that_is_none_is_not_stored(chargers: Collection[Charger]) -> None:
    await put(chargers, seen=Charger(seen_at=NOON), never=Charger(), forgotten=Charger(seen_at=NOON))
    await chargers.update("forgotten", becoming(Charger()))

    assert (await chargers.find(Query(order_by="seenAt"))).items == [Charger(seen_at=NOON)]
    assert await chargers.get("forgotten") == Charger()


@pytest.mark.parametrize("descending", [False, True])
async def test_pages_neither_repeat_nor_skip_while_documents_arrive(
    chargers: Collection[Charger], descending: bool
) -> None:
    same_minute = {f"cs{n:02}": Charger(boots=n, seen_at=minute(n // 5)) for n in range(25)}
    await put(chargers, **same_minute)
    found: list[int] = []
    token = ""
    for page_number in range(3):
        query = Query({"vendorName": "Acme"}, "seenAt", descending, page_size=10, page_token=token)
        page = await chargers.find(query)
        found += [charger.boots for charger in page.items if charger.boots < 100]
        token = page.next_page_token
        arrival = Charger(boots=100 + page_number, seen_at=minute(-1))
        await put(chargers, **{f"early{page_number}": arrival, f"late{page_number}": arrival})

    assert found == sorted(range(25), reverse=descending)


async def test_the_last_page_says_so(chargers: Collection[Charger]) -> None:
    await put(chargers, **{f"cs{n}": Charger(boots=n) for n in range(4)})

    first = await chargers.find(Query(page_size=2))
    second = await chargers.find(Query(page_size=2, page_token=first.next_page_token))
    assert [charger.boots for charger in (*first.items, *second.items)] == [0, 1, 2, 3]
    assert (bool(first.next_page_token), second.next_page_token) == (True, "")


async def test_a_page_token_belongs_to_its_query(chargers: Collection[Charger]) -> None:
    await put(chargers, **{f"cs{n}": Charger(boots=n, seen_at=minute(n)) for n in range(4)})
    token = (await chargers.find(Query({"vendorName": "Acme"}, "seenAt", page_size=2))).next_page_token

    others = [
        Query(page_token=token),
        Query({"vendorName": "Other"}, "seenAt", page_token=token),
        Query({"vendorName": "Acme"}, "boots", page_token=token),
        Query({"vendorName": "Acme"}, "seenAt", descending=True, page_token=token),
        Query({"vendorName": "Acme"}, "seenAt", from_=rfc3339(minute(1)), page_token=token),
        *(
            Query(page_token=garbage)
            for garbage in ("x", "ä", "!!!!", "bnVsbA", "W10", token[:-5], "A" * 10_000)
        ),
    ]
    for query in others:
        with pytest.raises(BadPageToken):
            await chargers.find(query)


async def test_delete_returns_what_was_there(chargers: Collection[Charger]) -> None:
    await chargers.update("CS1", booted)

    assert await chargers.delete("CS1") == Charger(boots=1)
    assert await chargers.delete("CS1") is None
    assert await chargers.get("CS1") is None
    assert await chargers.count({}) == 0
    assert await chargers.update("CS1", booted) == Charger(boots=1)


async def test_collections_do_not_mix(store: Store, chargers: Collection[Charger]) -> None:
    tags = store.collection("tags", Tag)
    await chargers.update("1", booted)
    await tags.update("1", lambda _: Tag(status="Accepted"))

    assert await chargers.delete("1") == Charger(boots=1)
    assert await tags.get("1") == Tag(status="Accepted")
    assert await chargers.get("1") is None


async def test_nested_and_large_documents_come_back_as_they_were(chargers: Collection[Charger]) -> None:
    charger = Charger(
        seen_at=datetime(2026, 11, 20, 13, 0, 0, 123_000, UTC),
        location=Location(lat=0, lng=-122.5),
        connectors={"1": ["Available", "Charging"], "2": [], "a.b/c `d`": ["Ünavailable"]},
        notes="é" * 50_000,
    )
    await chargers.update("CS1", becoming(charger))

    assert (await chargers.find(Query())).items == [charger]
    assert await chargers.update("CS1", booted) == charger.changed(boots=1)
    assert await chargers.get("CS1") == charger.changed(boots=1)


@pytest.mark.parametrize("name", ["", "a b", "a'", "a;--", "$.x", "a..b", "a\n"])
def test_a_field_name_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a field name"):
        Query({name: 1})
