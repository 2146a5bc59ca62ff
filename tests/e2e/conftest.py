from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from .system import System, embedded_system, google_system


@pytest.fixture(params=["embedded", pytest.param("google", marks=pytest.mark.emulator)])
def system(request: pytest.FixtureRequest) -> System:
    """A CSMS on each pair: one process on the embedded one, one process a service on Google's emulators."""
    started: System = request.getfixturevalue(f"{request.param}_csms")
    return started


@pytest.fixture(scope="session")
async def embedded_csms(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    async with embedded_system(tmp_path_factory.mktemp("embedded")) as started:
        yield started


@pytest.fixture(scope="session")
async def google_csms(
    tmp_path_factory: pytest.TempPathFactory, pubsub_emulator: str, firestore_emulator: str
) -> AsyncIterator[System]:
    """With four gateways: the first two route answers by action, the others by inbox."""
    emulators = {"PUBSUB_EMULATOR_HOST": pubsub_emulator, "FIRESTORE_EMULATOR_HOST": firestore_emulator}
    async with google_system(tmp_path_factory.mktemp("google"), emulators) as started:
        yield started


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
