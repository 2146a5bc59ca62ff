"""Stores with the tables of a service, which are defined once for all tests: copying them is faster."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from libs.csms.storage.sqlite.store import SqliteStore
from libs.csms.storage.store import Store

_files: dict[Callable[[Store], object], bytes] = {}


async def store_with(tables: Callable[[Store], object], path: Path) -> SqliteStore:
    """An empty one, unless the file is there already. ``tables`` asks a store for every collection."""
    if tables not in _files:
        empty = path.with_name("empty.db")
        store = SqliteStore(empty)
        tables(store)
        await store.close()
        _files[tables] = empty.read_bytes()
    if not path.exists():
        path.write_bytes(_files[tables])
    return SqliteStore(path)
