"""Fills the embedded store with meter values, faster than stations could send them.

The transaction service's own code makes the collections, their indexes and the first document. The other
documents are that one with another station, transaction and time, written in one SQL transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from libs.csms.clients.authorization import Authorization
from libs.csms.clock import rfc3339, utc_now
from libs.csms.messaging.embedded import EmbeddedBus
from libs.csms.storage.sqlite.store import SqliteStore
from libs.ocpp_messages import v201
from services.transaction.meter_values import in_transaction
from services.transaction.samples import measurements_v2
from services.transaction.service import TransactionService

from . import frames

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_TRANSACTION = "STORED-00000:TRANSACTION-00000"
_PER_TRANSACTION = 100


async def fill(folder: Path, count: int) -> int:
    """How many documents of ten samples each are stored now."""
    path = folder / "csms.db"
    store = SqliteStore(path)
    TransactionService.of(store, _nobody, EmbeddedBus(), utc_now)
    await store.close()
    with sqlite3.connect(path) as connection:
        connection.executemany('INSERT INTO "meterValues" (id, doc) VALUES (?, ?)', _rows(count))
        stored: int = connection.execute('SELECT count(*) FROM "meterValues"').fetchone()[0]
    connection.close()
    return stored


async def _nobody(id_token: str, type_: str | None) -> Authorization:
    raise AssertionError("no token is asked about while the store is filled")


def _rows(count: int) -> Iterator[tuple[str, str]]:
    id, doc = _first()
    time = rfc3339(_BEGIN)
    for number in range(count):
        transaction = (
            f"STORED-{number // _PER_TRANSACTION % 1000:05d}:TRANSACTION-{number // _PER_TRANSACTION:05d}"
        )
        at = rfc3339(_BEGIN + timedelta(seconds=number))
        yield (
            id.replace(_TRANSACTION, transaction).replace(time, at),
            doc.replace(_TRANSACTION, transaction).replace(time, at),
        )


def _first() -> tuple[str, str]:
    now = rfc3339(_BEGIN).encode()
    call = frames.UPDATED_201 % (now, 1, b"TRANSACTION-00000", 100_000, now)
    payload = call.removeprefix(b',"TransactionEvent",').removesuffix(b"]")
    event = v201.TransactionEvent.decode_request(payload)
    measurements = measurements_v2(event.meter_value or (), _BEGIN)
    ((id, document),) = in_transaction(_TRANSACTION, "STORED-00000", measurements).items()
    return id, document.model_dump_json(by_alias=True, exclude_none=True)
