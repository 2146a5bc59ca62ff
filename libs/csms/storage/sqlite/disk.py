"""Whether the disk of the embedded store has room left."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

log = logging.getLogger(__name__)

CHECK_INTERVAL = 5.0
"""Seconds between two looks at the disk."""


class Usage(Protocol):
    """Of a disk, in bytes, as ``shutil.disk_usage`` has it."""

    @property
    def total(self) -> int: ...

    @property
    def free(self) -> int: ...


class Disk:
    def __init__(
        self,
        folder: Path,
        min_free: float,
        usage: Callable[[Path], Usage] = shutil.disk_usage,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``min_free`` is in per cent of the whole disk."""
        self._folder = folder
        self._min_free = min_free
        self._usage = usage
        self._clock = clock
        self._has_room = True
        self._check_at = clock()

    def has_room(self) -> bool:
        """Whether at least ``min_free`` is free, as of a few seconds ago."""
        now = self._clock()
        if now >= self._check_at:
            self._check_at = now + CHECK_INTERVAL
            with suppress(OSError):  # then it stays what it was
                self._check()
        return self._has_room

    def _check(self) -> None:
        usage = self._usage(self._folder)
        free = 100 * usage.free / usage.total
        if self._has_room and free < self._min_free:
            log.error(
                "%.1f %% of the disk of %s is free: messages of stations are answered and no longer stored, "
                "but for those of transactions and security",
                free,
                self._folder,
            )
        elif not self._has_room and free >= self._min_free:
            log.warning("%.1f %% of the disk of %s is free: messages are stored again", free, self._folder)
        self._has_room = free >= self._min_free
