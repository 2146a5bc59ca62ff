from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.csms.clients.authorization import Authorization
from libs.csms.storage.sqlite.store import SqliteStore
from libs.ocpp_messages.version import Version
from services.transaction.service import Ledger

from .world import Station, Tokens, ledger_on


@pytest.fixture
def tokens() -> Tokens:
    return Tokens({"tag": Authorization(status="Accepted"), "bad": Authorization(status="Blocked")})


@pytest.fixture
async def ledger(tmp_path: Path, tokens: Tokens) -> AsyncIterator[Ledger]:
    store = SqliteStore(tmp_path / "x.db")
    yield ledger_on(store, tokens)
    await store.close()


@pytest.fixture
def station16(ledger: Ledger) -> Station:
    return Station(ledger, Version.V16)


@pytest.fixture(params=[Version.V201, Version.V21])
def station2(ledger: Ledger, request: pytest.FixtureRequest) -> Station:
    return Station(ledger, request.param)
