from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.browser import browser
from tests.emulators import emulators, firestore_emulator, pubsub_emulator

if TYPE_CHECKING:
    from tests.e2e.system import System

__all__ = [
    "anyio_backend",
    "browser",
    "cs",
    "emulators",
    "firestore_emulator",
    "name",
    "pubsub_emulator",
    "tag",
]

os.environ.setdefault(
    "CSMS_PEPPER", "0123456789abcdef" * 4
)  # so that no test makes one in its working folder


# Also where the environment forbids it, as in a container: else every worker, and every process that a test
# starts, compiles all modules anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def name() -> str:
    """For what a test has to itself on a CSMS that all tests share."""
    return uuid4().hex[:8]


@pytest.fixture
async def cs(system: System, name: str) -> str:
    """The id of a registered station."""
    await system.register(f"CS-{name}")
    return f"CS-{name}"


@pytest.fixture
async def tag(system: System, name: str) -> str:
    """A token that may charge, as often as it likes."""
    await system.token(f"TAG-{name}")
    return f"TAG-{name}"
