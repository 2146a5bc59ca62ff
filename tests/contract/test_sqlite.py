"""What the embedded store promises beyond the contract: durability, one owner, life after a full disk."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from libs.csms.storage.sqlite.file import StoreInUse
from libs.csms.storage.sqlite.group_commit import GroupCommit, NotWritten, Row
from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.storage.sqlite.table import Table
from libs.csms.storage.store import Document, Index, Query, filters


class Counter(Document):
    count: int = 0
    name: str = "x"
    size: int | None = None


COUNTERS = Table("counters", Counter)


def counted(counter: Counter | None) -> Counter:
    return Counter(count=counter.count + 1 if counter else 1)


@contextmanager
def full_disk() -> Iterator[None]:
    """Files of this process cannot grow: writing to them fails with EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_documents_outlive_the_store(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "csms.db")
    await store.collection("counters", Counter).update("a", counted)
    await store.close()

    store = SqliteStore(tmp_path / "csms.db")
    counters = store.collection("counters", Counter, [Index(("name",), "count")])
    assert await counters.get("a") == Counter(count=1)
    assert (await counters.find(Query({"name": "x"}, "count"))).items == [Counter(count=1)]
    await store.close()


async def test_a_second_owner_of_the_file_is_refused(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "csms.db")
    opened_again = (
        "import sys; from pathlib import Path; from libs.csms.storage.sqlite.store import SqliteStore"
    )
    opened_again += "; SqliteStore(Path(sys.argv[1]))"

    with pytest.raises(StoreInUse, match="is in use"):
        SqliteStore(tmp_path / "csms.db")
    other = subprocess.run(
        [sys.executable, "-c", opened_again, str(tmp_path / "csms.db")], capture_output=True, text=True
    )
    assert other.returncode == 1
    assert "StoreInUse" in other.stderr
    await store.close()
    await SqliteStore(tmp_path / "csms.db").close()


async def test_what_is_read_is_durable(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "csms.db")
    counters = store.collection("counters", Counter)
    await counters.update("a", counted)

    with full_disk():
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(outcome(counters.update("a", counted)))
            await asyncio.sleep(0)
            reading = group.create_task(counters.get("a"))
            finding = group.create_task(counters.find(Query()))
    assert isinstance(writing.result(), NotWritten)
    assert reading.result() == Counter(count=1)
    assert finding.result().items == [Counter(count=1)]
    await store.close()


async def test_a_full_disk_fails_the_writes_and_nothing_else(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "csms.db")
    counters = store.collection("counters", Counter)
    await counters.update("a", counted)

    with full_disk():
        async with asyncio.TaskGroup() as group:
            writes = [group.create_task(outcome(counters.update("a", counted))) for _ in range(10)]
            for _ in range(10):
                await asyncio.sleep(0)
                writes.append(group.create_task(outcome(counters.update("b", counted))))
            writes.append(group.create_task(outcome(counters.delete("a"))))
        assert await counters.get("a") == Counter(count=1)
    assert {type(write.result()) for write in writes} == {NotWritten}
    assert await counters.get("b") is None
    assert await counters.update("a", counted) == Counter(count=2)
    await store.close()

    with sqlite3.connect(tmp_path / "csms.db") as file:
        assert file.execute("SELECT id, doc FROM counters").fetchall() == [("a", '{"count":2,"name":"x"}')]
    file.close()


async def test_a_change_sees_what_was_put_and_is_not_durable_yet(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "csms.db")
    counters = store.collection("counters", Counter)

    async with asyncio.TaskGroup() as group:
        group.create_task(counters.put("a", Counter(count=5)))
        changed = group.create_task(counters.update("a", counted))

    assert changed.result() == await counters.get("a") == Counter(count=6)
    await store.close()


async def test_after_a_commit_of_many_documents_the_next_one_waits_for_others(tmp_path: Path) -> None:
    file = sqlite3.connect(tmp_path / "csms.db", isolation_level=None, check_same_thread=False)
    file.execute("CREATE TABLE counters (id TEXT PRIMARY KEY, doc TEXT NOT NULL)")
    commits = GroupCommit(file, lambda _: None, lambda: None)
    await asyncio.gather(*(commits.write(COUNTERS, id, Counter(), Row("{}")) for id in "abcdef"))

    first = commits.write(COUNTERS, "a", Counter(), Row("{}"))
    await asyncio.sleep(0)
    second = commits.write(COUNTERS, "b", Counter(), Row("{}"))

    assert commits.group_with(("counters", "a")) is commits.group_with(("counters", "b"))
    await asyncio.gather(first, second)
    await commits.close()
    file.close()


async def test_a_failed_commit_fails_what_was_made_from_it(tmp_path: Path) -> None:
    file = sqlite3.connect(tmp_path / "csms.db", isolation_level=None, check_same_thread=False)
    file.execute("CREATE TABLE counters (id TEXT PRIMARY KEY, doc TEXT NOT NULL)")
    dropped: list[str] = []
    commits = GroupCommit(file, lambda _: None, lambda: dropped.append("cache"))

    failing = commits.write(Table("no such table", Counter), "a", Counter(), Row("{}"))
    await asyncio.sleep(0)
    following = commits.write(COUNTERS, "a", Counter(), Row("{}"))
    assert commits.group_with(("no such table", "a")) is not commits.group_with(("counters", "a"))
    for write in (failing, following):
        with pytest.raises(NotWritten, match="no such table"):
            await write
    await commits.write(COUNTERS, "b", Counter(), Row("{}"))

    assert dropped == ["cache"]
    assert file.execute("SELECT id FROM counters").fetchall() == [("b",)]
    await commits.close()
    file.close()


async def test_the_same_object_again_writes_nothing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "csms.db")
    counters = store.collection("counters", Counter)
    await counters.update("a", counted)
    file = sqlite3.connect(tmp_path / "csms.db")
    before = file.execute("PRAGMA data_version").fetchone()

    await counters.update("a", lambda counter: counter or Counter())
    assert file.execute("PRAGMA data_version").fetchone() == before
    await counters.update("a", counted)
    assert file.execute("PRAGMA data_version").fetchone() != before
    file.close()
    await store.close()


async def test_closing_writes_what_callers_wait_for(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "csms.db")
    counters = store.collection("counters", Counter)
    async with asyncio.TaskGroup() as group:
        writes = [group.create_task(counters.update(f"{n}", counted)) for n in range(600)]
        await asyncio.sleep(0)
        await store.close()

    assert {write.result() for write in writes} == {Counter(count=1)}
    store = SqliteStore(tmp_path / "csms.db")
    assert await store.collection("counters", Counter).count({}) == 600
    await store.close()


WRITER = """
import asyncio, sys
from pathlib import Path
from libs.csms.storage.sqlite.store import SqliteStore
from tests.contract.test_sqlite import Counter, counted

async def write(counters, name):
    while True:
        counter = await counters.update(name, counted)
        await counters.update(f"{name}:{counter.count}", counted)
        print(name, counter.count, flush=True)

async def main():
    counters = SqliteStore(Path(sys.argv[1])).collection("counters", Counter)
    async with asyncio.TaskGroup() as group:
        for n in range(20):
            group.create_task(write(counters, f"writer{n}"))

asyncio.run(main())
"""


async def test_nothing_that_was_returned_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "csms.db")], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    printed = [writer.stdout.readline() for _ in range(500)]
    os.kill(writer.pid, signal.SIGKILL)
    printed += [line for line in writer.stdout if line.endswith("\n")]
    writer.wait()
    writer.stdout.close()

    store = SqliteStore(tmp_path / "csms.db")
    counters = store.collection("counters", Counter)
    for line in printed:
        name, count = line.split()
        stored = await counters.get(name)
        assert stored is not None and stored.count >= int(count)
        assert await counters.get(f"{name}:{count}") == Counter(count=1)
    await store.close()


async def test_the_file_has_the_indexes_that_are_declared_and_no_others(tmp_path: Path) -> None:
    path = tmp_path / "csms.db"
    for indexes in (
        [Index(("name",), "count"), Index(("size",))],
        [Index(("name",), "count"), Index(("name",), "count", descending=True), *filters("count")],
    ):
        store = SqliteStore(path)
        store.collection("counters", Counter, indexes)
        await store.close()

    with closing(sqlite3.connect(path)) as file:
        made = file.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        assert made.fetchall() == [("counters by $.name, $.count",)]
        columns = [name for (name,) in file.execute("SELECT name FROM pragma_table_info('counters')")]
        assert sorted(columns) == ["$.count", "$.name", "doc", "id"]


async def test_a_file_of_an_older_release_gets_the_columns_that_are_indexed(tmp_path: Path) -> None:
    path = tmp_path / "csms.db"
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE counters (id TEXT PRIMARY KEY, doc TEXT NOT NULL)")
        file.execute("""CREATE INDEX "counters by count" ON counters (json_extract(doc, '$.count'), id)""")
        file.execute("""INSERT INTO counters VALUES ('a', '{"count":3,"name":"x"}')""")
        file.commit()

    store = SqliteStore(path)
    counters = store.collection("counters", Counter, [Index((), "count")])
    await counters.put("b", Counter(count=2))

    assert [one.count for one in (await counters.find(Query(order_by="count"))).items] == [2, 3]
    await store.close()
    with closing(sqlite3.connect(path)) as file:
        made = file.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        assert made.fetchall() == [("counters by $.count",)]


async def test_a_document_is_found_by_what_it_holds_now(tmp_path: Path) -> None:
    """Also where the change to an indexed field and one beside it are written together."""
    store = SqliteStore(tmp_path / "csms.db")
    counters = store.collection("counters", Counter, [Index(("name",), "count")])
    await counters.put("a", Counter(name="old"))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(counters.update("a", lambda known: Counter(name="new", count=1)))
        tasks.create_task(counters.update("a", lambda known: Counter(name="new", count=1)))
        tasks.create_task(counters.update("b", lambda known: Counter(name="new")))
    await counters.update("b", lambda known: Counter(name="newer"))
    await counters.delete("b")
    await counters.update("b", lambda known: Counter(name="new", count=2))

    assert (await counters.find(Query({"name": "old"}, "count"))).items == []
    found = (await counters.find(Query({"name": "new"}, "count"))).items
    assert [one.count for one in found] == [1, 2]
    await store.close()


class Place(Document):
    lat: int


class Placed(Document):
    location: Place | None = None
    visits: int = 0


async def test_a_field_inside_of_another_is_indexed_too(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "csms.db")
    placed = store.collection("placed", Placed, [Index(("location.lat",))])
    for place in (Placed(), Placed(location=Place(lat=1)), Placed(location=Place(lat=2), visits=1)):
        await placed.update("a", lambda known, place=place: place)  # type: ignore[misc]

    assert (await placed.find(Query({"location.lat": 1}))).items == []
    assert (await placed.find(Query({"location.lat": 2}))).items == [Placed(location=Place(lat=2), visits=1)]
    await store.close()


async def test_an_index_is_of_fields_that_there_are(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "csms.db")
    with pytest.raises(ValueError, match="counters: Counter has no field colour"):
        store.collection("counters", Counter, [Index(("colour",))])
    await store.close()


async def test_a_collection_has_one_type(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "csms.db")
    store.collection("counters", Counter)

    with pytest.raises(ValueError, match="counters holds"):
        store.collection("counters", Document)
    with pytest.raises(ValueError, match="not a collection name"):
        store.collection('x" (id); --', Counter)
    await store.close()


async def outcome(write: object) -> object:
    try:
        return await write  # type: ignore[misc]
    except NotWritten as error:
        return error
