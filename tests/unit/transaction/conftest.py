from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from libs.csms.clients.authorization import Authorization
from libs.csms.storage.store import Store
from libs.ocpp_messages.version import Version
from services.transaction.api import api
from services.transaction.service import TransactionService

from ..rest import client_of
from ..tables import store_with
from .fakes import Station, UserService, service_on


def tables(store: Store) -> None:
    service_on(store, UserService())


@pytest.fixture
def users() -> UserService:
    return UserService({"tag": Authorization(status="Accepted"), "bad": Authorization(status="Blocked")})


@pytest.fixture
async def service(tmp_path: Path, users: UserService) -> AsyncIterator[TransactionService]:
    store = await store_with(tables, tmp_path / "transaction.db")
    yield service_on(store, users)
    await store.close()


@pytest.fixture
async def client(service: TransactionService) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(api, service) as client:
        yield client


@pytest.fixture
def station_v16(service: TransactionService) -> Station:
    return Station(service, Version.V16)


@pytest.fixture(params=[Version.V201, Version.V21])
def station_v2(service: TransactionService, request: pytest.FixtureRequest) -> Station:
    return Station(service, request.param)


@pytest.fixture
def station_v21(service: TransactionService) -> Station:
    return Station(service, Version.V21)
