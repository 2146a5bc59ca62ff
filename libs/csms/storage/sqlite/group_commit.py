"""Writes of many callers, made durable together in SQLite. The only module that knows when that happens."""

from __future__ import annotations

import asyncio
import itertools
import logging
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from ..store import Document, NotStored
from .table import Table

log = logging.getLogger(__name__)

ROWS_PER_STATEMENT = 250

GROUPING_DELAY = 0.005
"""Seconds. A commit costs a wait for the disk and two switches of threads, however small it is. So under load
the next one waits this long for other writes to join it.
"""
LOADED = 3
"""Documents. There is load when the last commit had more than these."""

Key = tuple[str, str]
"""Table and id."""


class Row(NamedTuple):
    json: str | None
    """The document; None to delete it."""
    has_same_columns: bool = False
    """As the row has in the file."""


Rows = Mapping[Table, Mapping[str, Row]]
"""By table and id."""


class NotWritten(NotStored):
    """The disk did not take a write. The store holds what it held before."""


@dataclass(frozen=True)
class WriteGroup:
    """Writes that become durable together or not at all. None stands for a deleted document."""

    documents: dict[Key, Document | None] = field(default_factory=dict)
    rows: dict[Table, dict[str, Row]] = field(default_factory=lambda: defaultdict(dict))
    waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def durable(self, loop: asyncio.AbstractEventLoop | None = None) -> asyncio.Future[None]:
        """A future for this caller alone, so that its cancellation cancels nobody else's write."""
        future: asyncio.Future[None] = (loop or asyncio.get_running_loop()).create_future()
        self.waiting.append(future)
        return future

    def end(self, error: BaseException | None) -> None:
        for future in self.waiting:
            if future.done():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(NotWritten(str(error)))


class GroupCommit:
    """One group is being committed in a thread while the next one fills: groups grow with the load and with
    the slowness of the disk. ``committed`` is called with the documents of every group that ended well.

    A failed commit fails the filling group too, whose documents were made from those of the failed one. Then
    ``failed`` is called.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        committed: Callable[[Mapping[Key, Document | None]], None],
        failed: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._committed = committed
        self._failed = failed
        self._thread = ThreadPoolExecutor(1, "sqlite-commit")
        self._filling = WriteGroup()
        self._running: WriteGroup | None = None
        self._pause = 0.0
        self._loop: asyncio.AbstractEventLoop
        """Asked for after a pause only: with Python 3.11 that is a system call."""

    def group_with(self, key: Key) -> WriteGroup | None:
        """The newest group with a write of that document, until it is durable."""
        if key in self._filling.documents:
            return self._filling
        if self._running is not None and key in self._running.documents:
            return self._running
        return None

    def last(self) -> WriteGroup | None:
        """The group after which everything written so far is durable."""
        return self._filling if self._filling.documents else self._running

    def write(self, table: Table, id: str, document: Document | None, row: Row) -> asyncio.Future[None]:
        """``row`` is compared with that of the newest document. The future ends when it is durable, or with
        ``NotWritten``.
        """
        if not self._filling.documents and self._running is None:
            self._loop = asyncio.get_running_loop()
            self._start_soon()
        self._filling.documents[table.name, id] = document
        rows = self._filling.rows[table]
        if id in rows and not rows[id].has_same_columns:
            row = Row(row.json)
        rows[id] = row
        return self._filling.durable(self._loop)

    async def close(self) -> None:
        while (group := self.last()) is not None:
            with suppress(NotWritten):
                await group.durable()
        self._thread.shutdown()

    def _start_soon(self) -> None:
        if self._pause:
            self._loop.call_later(self._pause, self._start)
        else:
            self._loop.call_soon(self._start)

    def _start(self) -> None:
        group, self._filling = self._filling, WriteGroup()
        self._running = group
        commit = self._loop.run_in_executor(self._thread, _commit, self._connection, group.rows)
        commit.add_done_callback(partial(self._ended, group))

    def _ended(self, group: WriteGroup, commit: asyncio.Future[None]) -> None:
        self._running = None
        self._pause = GROUPING_DELAY if len(group.documents) > LOADED else 0.0
        error = commit.exception()
        if error is None:
            self._committed(group.documents)
        else:
            log.error("a commit of %d documents failed: %s", len(group.documents), error)
            self._failed()
            self._filling.end(error)
            self._filling = WriteGroup()
        group.end(error)
        if self._filling.documents:
            self._start_soon()


def _commit(connection: sqlite3.Connection, rows: Rows) -> None:
    """Few statements of many rows: after each one this thread has to wait for its turn to run Python."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        for table, documents in rows.items():
            for has_same_columns, statement in ((False, table.put), (True, table.replace)):
                written = [
                    (id, row.json)
                    for id, row in documents.items()
                    if row.json is not None and row.has_same_columns is has_same_columns
                ]
                for some in _chunks(written):
                    connection.execute(statement(len(some)), list(itertools.chain.from_iterable(some)))
            if gone := [(id,) for id, row in documents.items() if row.json is None]:
                connection.executemany(f'DELETE FROM "{table.name}" WHERE id = ?', gone)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _chunks(rows: Sequence[tuple[str, str]]) -> Iterator[Sequence[tuple[str, str]]]:
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        yield rows[start : start + ROWS_PER_STATEMENT]
