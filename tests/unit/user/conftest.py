from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.user.service import User

from ..rest import SETTINGS
from ..tables import store_with
from .moment import NOW
from .world import World, tables, user_client, world


@pytest.fixture
async def user(tmp_path: Path) -> AsyncIterator[User]:
    store = await store_with(tables, tmp_path / "user.db")
    yield User.of(store, lambda: NOW, SETTINGS)
    await store.close()


@pytest.fixture
async def client(user: User) -> AsyncIterator[httpx.AsyncClient]:
    async with user_client(user) as client:
        yield client


@pytest.fixture
async def csms(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made
