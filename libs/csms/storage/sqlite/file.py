"""An SQLite file: who owns it, its connections, and the documents read from it lately."""

from __future__ import annotations

import asyncio
import fcntl
import sqlite3
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Literal

from ..store import Doc, Document
from .group_commit import GroupCommit, Key, NotWritten, WriteGroup
from .table import Table

CACHED_DOCUMENTS = 20_000

Synchronous = Literal["FULL", "OFF"]
"""Whether a write waits for the disk. With ``OFF``, the file does not survive a failure of the machine."""


class StoreInUse(Exception):
    """Another process, or another store of this one, has the file open."""


class File:
    """The connections to the file, and the documents read from it lately."""

    def __init__(self, path: Path, synchronous: Synchronous = "FULL") -> None:
        self._lock = _lock(path)
        self._writer = _connect(path, synchronous)
        self._reader = _connect(path, synchronous)
        self._finder = _connect(path, synchronous)
        self._finding = ThreadPoolExecutor(1, "sqlite-find")
        self._cache: OrderedDict[Key, Document] = OrderedDict()
        self.commits = GroupCommit(self._writer, self._committed, self._cache.clear)

    def define(self, table: Table) -> None:
        """All that is missing or nothing: one wait for the disk."""
        indexes = self._writer.execute(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
            (table.name,),
        )
        columns = self._writer.execute("SELECT name FROM pragma_table_info(?)", (table.name,))
        if statements := table.definitions({name for (name,) in indexes}, {name for (name,) in columns}):
            self._writer.executescript(";".join(["BEGIN IMMEDIATE", *statements, "COMMIT"]))

    def newest(self, key: Key, type_: type[Doc]) -> tuple[Doc | None, WriteGroup | None]:
        """The document as last written, with the group that has yet to make it durable."""
        group = self.commits.group_with(key)
        if group is None:
            return self.stored(key, type_), None
        document: Any = group.documents[key]
        return document, group

    def stored(self, key: Key, type_: type[Doc]) -> Doc | None:
        """The document as the file has it, whatever is on its way there."""
        cached: Any = self._cache.get(key)
        if cached is not None:
            self._cache.move_to_end(key)
            return cached  # type: ignore[no-any-return]
        table, id = key
        row = self._reader.execute(f'SELECT doc FROM "{table}" WHERE id = ?', (id,)).fetchone()
        if row is None:
            return None
        document = type_.model_validate_json(row[0])
        self._remember(key, document)
        return document

    async def select(self, sql: str, values: Sequence[Any]) -> Any:
        """The one value that ``sql`` selects once everything written so far is in the file.

        One, whatever number of rows it is made of: after each the thread has to wait for its turn in Python.
        """
        if (group := self.commits.last()) is not None:
            with suppress(NotWritten):
                await group.durable()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._finding, _only_value, self._finder, sql, values)

    async def close(self) -> None:
        await self.commits.close()
        self._finding.shutdown()
        self._cache.clear()
        for connection in (self._finder, self._reader, self._writer):
            connection.close()
        self._lock.close()

    def _committed(self, documents: Mapping[Key, Document | None]) -> None:
        for key in documents.keys() & self._cache.keys():
            self._remember(key, documents[key])

    def _remember(self, key: Key, document: Document | None) -> None:
        """Of what has been read only: documents that are only ever written would take all the room."""
        self._cache.pop(key, None)
        if document is not None:
            self._cache[key] = document
        if len(self._cache) > CACHED_DOCUMENTS:
            self._cache.popitem(last=False)


def _lock(path: Path) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.with_name(path.name + ".lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise StoreInUse(f"{path} is in use by another process") from error
    return file


def _connect(path: Path, synchronous: Synchronous) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=1000)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA cache_size = -65536")
    connection.execute("PRAGMA wal_autocheckpoint = 2000")
    return connection


def _only_value(connection: sqlite3.Connection, sql: str, values: Sequence[Any]) -> Any:
    return connection.execute(sql, values).fetchone()[0]
