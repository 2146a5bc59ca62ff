"""The EVSEs of a station as cards: connectors, the transactions that go on, and what was measured last."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .person import Json, Person
from .rendering import segment

MAX_TRANSACTIONS = 20
"""Shown of those that go on. A station seldom has more EVSEs."""

MAX_SAMPLES = 1_000
READINGS_AGE = timedelta(minutes=5)
"""How long before the newest message of a transaction its newest values are looked for."""


@dataclass(frozen=True)
class Card:
    """One EVSE. A connector of OCPP 1.6 is an EVSE."""

    evse_id: int
    """0 is the station as a whole."""
    connectors: list[Json] = field(default_factory=list)
    """As the status of the station has them."""
    transactions: list[tuple[Json, Mapping[str, str]]] = field(default_factory=list)
    """Those that go on, each with the newest value of each measurand."""

    @property
    def connector_ids(self) -> Sequence[int]:
        return [one["connectorId"] for one in self.connectors if one["connectorId"]]


async def cards_of(person: Person, status: Json) -> Sequence[Card]:
    """``status`` is that of the station. Raises ``Refusal``."""
    transactions = await _transactions(person, status["id"])
    return _cards(status, transactions, await _readings(person, transactions))


def _cards(
    status: Json, transactions: Sequence[Json], readings: Mapping[str, Mapping[str, str]]
) -> Sequence[Card]:
    """A transaction of an EVSE that nobody has reported stands on a card of its own."""
    cards: dict[int, Card] = {}
    for connector in status["connectors"]:
        cards.setdefault(connector["evseId"], Card(connector["evseId"])).connectors.append(connector)
    for one in transactions:
        place: int = one["evseId"] if "evseId" in one else one.get("connectorId", 0)
        cards.setdefault(place, Card(place)).transactions.append((one, readings[one["id"]]))
    return [cards[number] for number in sorted(cards)]


async def _transactions(person: Person, station_id: str) -> Sequence[Json]:
    """Those that go on."""
    if not person.may("transactions:read"):
        return []
    path, size = "/transactions", MAX_TRANSACTIONS
    found = await person.transaction.get(path, stationId=station_id, active=True, pageSize=size)
    transactions: Sequence[Json] = found["items"]
    return transactions


async def _readings(person: Person, transactions: Sequence[Json]) -> Mapping[str, Mapping[str, str]]:
    """The newest value of each measurand, by the ids of the transactions."""
    found = await asyncio.gather(*(_newest(person, one) for one in transactions))
    return {one["id"]: newest for one, newest in zip(transactions, found, strict=True)}


async def _newest(person: Person, transaction: Json) -> Mapping[str, str]:
    since = datetime.fromisoformat(transaction["lastEventAt"]) - READINGS_AGE
    path = f"/transactions/{segment(transaction['id'])}/metervalues"
    samples = await person.transaction.get(path, **{"from": since.isoformat()}, pageSize=MAX_SAMPLES)
    known = [one for one in samples["items"] if "phase" not in one and "value" in one]
    return {one["measurand"]: reading_of(one) for one in known}


def reading_of(sample: Json) -> str:
    """A value with its unit; W as kW."""
    value, unit = float(sample["value"]) * 10 ** sample.get("multiplier", 0), sample.get("unit", "")
    if unit in ("W", "Wh"):
        return f"{value / 1000:.2f} k{unit}"
    return f"{value:g} {'%' if unit == 'Percent' else unit}".strip()
