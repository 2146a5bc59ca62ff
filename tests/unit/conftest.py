from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

MEMORY = "/dev/shm"
"""The file system of Linux in memory."""


settings.register_profile("unit", deadline=None)
settings.load_profile("unit")
"""How long an example takes says how busy the machine is."""


def pytest_collection_finish() -> None:
    """What has been imported stays: the garbage collector need not look at it again and again. Nor at what
    is younger, all the time: each test leaves the cycles of an event loop and a service, some 5,000 objects.
    """
    gc.freeze()
    gc.set_threshold(50_000, 10, 50)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """In memory where that can be had: unit tests do not wait for a disk."""
    with TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        yield Path(folder)
