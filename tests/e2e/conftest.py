from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from .system import System, embedded_system, google_system


@pytest.fixture(params=["embedded", pytest.param("google", marks=pytest.mark.emulator)])
def system(request: pytest.FixtureRequest) -> System:
    """A CSMS on each pair: one process on the embedded one, one process a service on Google's emulators."""
    started: System = request.getfixturevalue(f"{request.param}_csms")
    return started


@pytest.fixture(params=[pytest.param("google", marks=pytest.mark.emulator)])
def google(google_csms: System) -> System:
    """For tests that need more processes than the embedded pair has."""
    return google_csms


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
