from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from xdist.scheduler import LoadFileScheduling

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
os.environ.setdefault("CSMS_AUDIT_KEY", "fedcba9876543210" * 4)


# Also where the environment forbids it, as in a container: else every worker, and every process that a test
# starts, compiles all modules anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on the emulators come first: they wait most, and the others can run meanwhile."""
    items.sort(key=lambda item: item.get_closest_marker("emulator") is None)


class ByModule(LoadFileScheduling):
    """A worker gets all tests of a module at once, so that it starts what they share. Those on the emulators
    share much more: what waits there on one worker costs less than what a second one starts.
    """

    def _split_scope(self, nodeid: str) -> str:
        module, _, test = nodeid.partition("::")
        if module.startswith("tests/contract/"):
            return "tests/contract"
        return "google" if "[google" in test or "emulator" in module else module


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByModule | None:
    return ByModule(config, log) if config.getoption("dist") == "loadfile" else None


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
