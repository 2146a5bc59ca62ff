"""Fills the embedded store with meter values, faster than stations could send them.

A station sends one to the CSMS, which makes the collections and their indexes. The others are copies of that
document with another transaction and time, written in one SQL transaction. So this module need not know the
documents, which may differ between checkouts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .csms import Checkout, csms, register
from .station import Station
from .traffic import BOOT_V201, STARTED_V201, UPDATED_V201, id_tag

STATION = "STORED-00000"
TRANSACTION = "TRANSACTION-00000"
METER_VALUES_PER_TRANSACTION = 100
DAYS_AGO = 30
"""The first of the stored meter values. Each is a second after the one before."""


async def fill(folder: Path, count: int, checkout: Checkout) -> int:
    """How many documents of ten samples each are stored now."""
    first = datetime.now(UTC).replace(microsecond=0) - timedelta(days=DAYS_AGO)
    await _send_one(folder, _text(first), checkout)
    with sqlite3.connect(folder / "csms.db") as database:
        [(id, document)] = database.execute('SELECT id, doc FROM "meterValues"').fetchall()
        found = database.execute("SELECT name FROM pragma_table_info('meterValues')").fetchall()
        indexed = [path for (path,) in found if path.startswith("$.")]
        columns = ", ".join(["id", "doc", *(f'"{path}"' for path in indexed)])
        values = ", ".join(["?1", "?2", *(f"json_extract(?2, '{path}')" for path in indexed)])
        database.executemany(
            f'INSERT INTO "meterValues" ({columns}) VALUES ({values})',
            copies(id, document, first, count - 1),
        )
        stored: int = database.execute('SELECT count(*) FROM "meterValues"').fetchone()[0]
    database.close()
    return stored


async def _send_one(folder: Path, at: str, checkout: Checkout) -> None:
    time, transaction, tag = at.encode(), TRANSACTION.encode(), id_tag(STATION).encode()
    async with csms(checkout, folder) as server:
        await register(server, [STATION])
        station = Station(STATION, "ocpp2.0.1", server.gateway_port)
        await station.connect()
        await station.call_and_wait(BOOT_V201)
        await station.call_and_wait(STARTED_V201 % (time, transaction, tag))
        await station.call_and_wait(UPDATED_V201 % (time, 1, transaction, 100_000, time))
        station.abort()


def copies(id: str, document: str, first: datetime, count: int) -> Iterator[tuple[str, str]]:
    """Of another transaction and time each, in the id as in the document."""
    for number in range(1, count + 1):
        transaction = f"TRANSACTION-{number // METER_VALUES_PER_TRANSACTION:05d}"
        at = _text(first + timedelta(seconds=number))
        yield (
            id.replace(TRANSACTION, transaction).replace(_text(first), at),
            document.replace(TRANSACTION, transaction).replace(_text(first), at),
        )


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
