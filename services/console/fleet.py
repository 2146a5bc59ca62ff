"""One row for each station, with all that lists and maps show of it: read by the console itself, so that ten
people who look at the fleet cost no more than one. Each sees of it what he may see.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .person import Api, Json, Person, Refusal
from .rendering import segment

log = logging.getLogger(__name__)

MAX_STATIONS = 20_000
"""That are held. Beyond it, the list of stations is not whole, and says so."""

MAX_AGE = 0.5
"""Seconds after which a fleet of at most ``SMALL`` stations is read again before it is shown."""

SMALL = 1_000

MAX_AGE_PER_STATION = 0.004
"""Seconds for each station of a larger fleet, which then is read for a hundredth of the time. Pages do not
wait for it, and show what was read before.
"""

PAGE_SIZE = 100
"""Of what is read: the process does nothing else for some milliseconds a page."""

STATION = "id vendorName model serialNumber firmwareVersion group registrationStatus location".split()
CONNECTION = "connected ocppVersion connectedAt disconnectedAt lastSeen".split()
CONNECTOR = "evseId connectorId status errorCode".split()
TRANSACTION = "id evseId connectorId energyWh startedAt warnings".split()
"""What is held of each: there may be 20,000."""

SEARCHED = "id vendorName model serialNumber firmwareVersion group".split()


@dataclass(slots=True)
class Row:
    """A station, with its newest connection, its connectors and its transactions that go on."""

    station: Json
    """Fields of ``/chargingstations``."""
    connection: Json
    """Fields of ``/chargingstations/{id}/status``. Those that are not known are missing."""
    text: str
    """What the search looks at, in lower case."""
    connectors: dict[tuple[int, int], Json] = field(default_factory=dict)
    """Fields of ``/connectors``, by EVSE and connector. EVSE 0 is the whole station."""
    transactions: dict[str, Json] = field(default_factory=dict)
    """Fields of ``/transactions``, by their ids."""

    @classmethod
    def of(cls, station: Json, connection: Json) -> Row:
        text = "\n".join(str(station[name]) for name in SEARCHED if name in station).lower()
        return cls(_only(STATION, station), _only(CONNECTION, connection), text)

    def add_connector(self, connector: Json) -> None:
        self.connectors[connector["evseId"], connector["connectorId"]] = _only(CONNECTOR, connector)

    def add_transaction(self, transaction: Json) -> None:
        self.transactions[transaction["id"]] = _only(TRANSACTION, transaction)

    @property
    def id(self) -> str:
        return str(self.station["id"])

    @property
    def connected(self) -> bool:
        return bool(self.connection.get("connected"))

    @property
    def state(self) -> str:
        """The one that matters most: that nobody can reach it, then the worst of its connectors."""
        if not self.connected:
            return "Offline"
        known = {one["status"] for one in self.connectors.values()}
        return next((state for state in _BY_URGENCY if state in known), "Online")


_BY_URGENCY = (
    "Faulted Unavailable Charging SuspendedEV SuspendedEVSE Occupied Preparing Finishing Reserved Available"
).split()


def _only(names: Iterable[str], known: Json) -> Json:
    return {name: known[name] for name in names if name in known}


class Fleet:
    def __init__(self, device: Api, transaction: Api, clock: Callable[[], float] = time.monotonic) -> None:
        """``device`` and ``transaction`` are asked as the console itself."""
        self._device = device
        self._transaction = transaction
        self._clock = clock
        self._rows: dict[str, Row] = {}
        """In the order of their ids."""
        self._due_at = 0.0
        self._reading: asyncio.Task[None] | None = None
        self.is_whole = True
        """Whether there are no more stations than are held."""

    async def rows(self, person: Person) -> Mapping[str, Row]:
        """Those that he may see, by their ids. Raises ``Refusal``."""
        await self._read_if_due()
        groups = person.me.get("groups")
        if groups is None:
            return self._rows
        return {id: row for id, row in self._rows.items() if row.station.get("group") in groups}

    async def row(self, person: Person, id: str) -> Row | None:
        return (await self.rows(person)).get(id)

    async def refresh(self, ids: Iterable[str]) -> None:
        """Reads these stations anew, whose rows are to be shown. Raises ``Refusal``."""
        for id, row in zip(ids, await asyncio.gather(*map(self._read_row, ids)), strict=True):
            if row is None:
                self._rows.pop(id, None)
            elif id in self._rows:
                self._rows[id] = row
            else:
                self.forget()

    async def _read_row(self, id: str) -> Row | None:
        """None where there is no such station any more."""
        path = f"/chargingstations/{segment(id)}"
        try:
            station, status, transactions = await asyncio.gather(
                self._device.get(path),
                self._device.get(f"{path}/status"),
                self._transaction.get("/transactions", stationId=id, active=True),
            )
        except Refusal as refusal:
            if refusal.status == 404:
                return None
            raise
        row = Row.of(station, status)
        for connector in status["connectors"]:
            row.add_connector(connector)
        for transaction in transactions["items"]:
            row.add_transaction(transaction)
        return row

    def forget(self) -> None:
        """So that what a person has just changed is read again before it is shown."""
        self._due_at = 0.0

    async def _read_if_due(self) -> None:
        if self._reading is None and self._clock() >= self._due_at:
            self._reading = asyncio.create_task(self._read())
        if self._reading is not None and len(self._rows) <= SMALL:
            await asyncio.shield(self._reading)

    async def is_being_read(self) -> bool:
        """Whether it was, until now: then what was shown before is old. Raises ``Refusal``."""
        if self._reading is None:
            return False
        await asyncio.shield(self._reading)
        return True

    async def _read(self) -> None:
        try:
            self._rows = await self._read_rows()
            stations = len(self._rows)
            age = MAX_AGE if stations <= SMALL else MAX_AGE_PER_STATION * stations
            self._due_at = self._clock() + age
        except Refusal as refusal:
            log.warning("the fleet cannot be read: %s", refusal.detail)
            raise
        finally:
            self._reading = None

    async def _read_rows(self) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        self.is_whole = True
        async for station in every(self._device, "/chargingstations", **{"with": "connection"}):
            if len(rows) >= MAX_STATIONS:
                self.is_whole = False
                log.warning("there are more than %d stations: the console shows no more", MAX_STATIONS)
                break
            rows[station["id"]] = Row.of(station, station)
        async for connector in every(self._device, "/connectors"):
            if row := rows.get(connector["stationId"]):
                row.add_connector(connector)
        async for transaction in every(self._transaction, "/transactions", active=True):
            if row := rows.get(transaction["stationId"]):
                row.add_transaction(transaction)
        return rows


async def every(api: Api, path: str, **parameters: Any) -> AsyncIterator[Json]:
    """The items of all pages of a list. Raises ``Refusal``."""
    token = ""
    while True:
        page = await api.get(path, pageSize=PAGE_SIZE, pageToken=token, **parameters)
        for item in page["items"]:
            yield item
        token = page.get("nextPageToken") or ""
        if not token:
            return


def ordered(rows: Iterable[Row], sort: str) -> list[Row]:
    """By a field of the station, ``state``, ``lastSeen``, ``ocppVersion`` or ``transactions``; ``-`` turns it
    round. ``rows`` are in the order of their ids.
    """
    if sort == "id":
        return list(rows)
    name, descending = sort.removeprefix("-"), sort.startswith("-")

    def key(row: Row) -> tuple[str, str]:
        match name:
            case "state":
                return row.state, row.id
            case "transactions":
                return f"{len(row.transactions):06d}", row.id
            case "lastSeen" | "ocppVersion":
                return str(row.connection.get(name, "")), row.id
        return str(row.station.get(name, "")).lower(), row.id

    return sorted(rows, key=key, reverse=descending)
