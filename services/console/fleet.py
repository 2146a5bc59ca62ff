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

READING_SHARE = 0.05
"""Of the time at most, the fleet is read: a small one each time that it is shown, a large one less often."""

PAGE_SIZE = 1_000


@dataclass
class Row:
    """A station, with its newest connection, its connectors and its transactions that go on."""

    station: Json
    """As ``/chargingstations`` has it."""
    connection: Json = field(default_factory=dict)
    """As ``/connections`` has it; empty until it connects for the first time."""
    connectors: dict[tuple[int, int], Json] = field(default_factory=dict)
    """As ``/connectors`` has them, by EVSE and connector. Those of EVSE 0 are the whole station."""
    transactions: dict[str, Json] = field(default_factory=dict)
    """As ``/transactions`` has them, by their ids."""

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
        known = {str(one["status"]) for one in self.connectors.values()}
        return next((state for state in _BY_URGENCY if state in known), "Online")

    @property
    def text(self) -> str:
        """What the search looks at, in lower case."""
        names = ("id", "vendorName", "model", "serialNumber", "firmwareVersion", "group")
        return "\n".join(str(self.station.get(name, "")) for name in names).lower()


_BY_URGENCY = (
    "Faulted Unavailable Charging SuspendedEV SuspendedEVSE Occupied Preparing Finishing Reserved Available"
).split()


class Fleet:
    def __init__(self, device: Api, transaction: Api, clock: Callable[[], float] = time.monotonic) -> None:
        """``device`` and ``transaction`` are asked as the console itself."""
        self._device = device
        self._transaction = transaction
        self._clock = clock
        self._rows: dict[str, Row] = {}
        self._due_at = 0.0
        self._reading: asyncio.Lock = asyncio.Lock()
        self.is_whole = True
        """Whether there are no more stations than are held."""

    async def rows(self, person: Person) -> Mapping[str, Row]:
        """Those that he may see, by their ids. Raises ``Refusal``."""
        await self._refresh()
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
            elif id in self._rows or len(self._rows) < MAX_STATIONS:
                self._rows[id] = row

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
        connectors = {(one["evseId"], one["connectorId"]): one for one in status.pop("connectors")}
        return Row(station, status, connectors, {one["id"]: one for one in transactions["items"]})

    def forget(self) -> None:
        """So that what a person has just changed is read again before it is shown."""
        self._due_at = 0.0

    async def _refresh(self) -> None:
        async with self._reading:
            began = self._clock()
            if began >= self._due_at:
                self._rows = await self._read()
                ended = self._clock()
                self._due_at = ended + (ended - began) / READING_SHARE

    async def _read(self) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        self.is_whole = True
        async for station in every(self._device, "/chargingstations"):
            if len(rows) >= MAX_STATIONS:
                self.is_whole = False
                log.warning("there are more than %d stations: the console shows no more", MAX_STATIONS)
                break
            rows[station["id"]] = Row(station)
        async for connection in every(self._device, "/connections"):
            if row := rows.get(connection["stationId"]):
                row.connection = connection
        async for connector in every(self._device, "/connectors"):
            if row := rows.get(connector["stationId"]):
                row.connectors[connector["evseId"], connector["connectorId"]] = connector
        async for transaction in every(self._transaction, "/transactions", active=True):
            if row := rows.get(transaction["stationId"]):
                row.transactions[transaction["id"]] = transaction
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
    """By a field of the station, ``state``, ``connected`` or ``transactions``; ``-`` turns it round."""
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
