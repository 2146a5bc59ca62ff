from __future__ import annotations

import pytest

from tests.emulators import emulators, firestore_emulator, pubsub_emulator

__all__ = ["anyio_backend", "emulators", "firestore_emulator", "pubsub_emulator"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
