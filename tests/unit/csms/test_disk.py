"""Whether the disk of the embedded store has room."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

import pytest

from libs.csms.storage.sqlite.disk import CHECK_INTERVAL, Disk
from libs.csms.storage.sqlite.store import SqliteStore


class Usage(NamedTuple):
    total: int
    free: int


class Machine:
    """A disk and a clock. ``free`` None is a disk that cannot be asked."""

    def __init__(self, free: int | None) -> None:
        self.free = free
        self.now = 1000.0
        self.asked = 0

    def usage(self, folder: Path) -> Usage:
        self.asked += 1
        if self.free is None:
            raise OSError("no such disk")
        return Usage(1000, self.free)

    def disk(self) -> Disk:
        return Disk(Path("/data"), 5, self.usage, lambda: self.now)


def test_a_disk_has_room_while_so_much_of_it_is_free(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine(free=50)
    disk = machine.disk()
    found = []
    for free in (50, 49, 0, None, 50):
        machine.free = free
        machine.now += CHECK_INTERVAL
        found.append(disk.has_room())

    assert found == [True, False, False, False, True]
    assert [(record.levelno, record.getMessage()[:33]) for record in caplog.records] == [
        (logging.ERROR, "4.9 % of the disk of /data is fre"),
        (logging.WARNING, "5.0 % of the disk of /data is fre"),
    ]


def test_a_disk_is_not_asked_for_every_message() -> None:
    machine = Machine(free=500)
    disk = machine.disk()
    for _ in range(1000):
        assert disk.has_room()

    assert machine.asked == 1


@pytest.mark.parametrize(("min_free", "has_room"), [(0, True), (100, False)])
async def test_a_store_knows_its_own_disk(tmp_path: Path, min_free: float, has_room: bool) -> None:
    store = SqliteStore(tmp_path / "csms.db", min_free)

    assert store.has_room() is has_room
    await store.close()
