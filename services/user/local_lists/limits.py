"""How much of a list a station takes, as it has reported that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from libs.csms.clients.stations import Stations
from libs.csms.storage.store import Json

from .message import AuthorizationData

COMPONENT = "LocalAuthListCtrlr"
MOST_ITEMS = 1000
MOST_BYTES = 200_000
"""Of any message, so that it fits into a document and through the CSMS."""
FRAME = 200
"""Bytes of a message without its entries, and more."""
WORDING = 80
"""Bytes that an entry may have in OCPP 2.x beyond those of its plain body."""


@dataclass(frozen=True)
class Limits:
    """``entries`` is how many the station's list holds, None if it has not said. The rest is per message."""

    items: int = 100
    bytes: int = MOST_BYTES
    entries: int | None = None

    @classmethod
    def of(cls, variables: Sequence[Json]) -> Limits:
        items = _actual(variables, "ItemsPerMessage")
        size = _actual(variables, "BytesPerMessage")
        return cls(
            items=min(items, MOST_ITEMS) if items else cls.items,
            bytes=min(size, MOST_BYTES) if size else cls.bytes,
            entries=_most(variables, "Entries"),
        )


async def limits(stations: Stations, station_id: str) -> Limits:
    return Limits.of(await stations.variables(station_id, COMPONENT))


def size(item: AuthorizationData) -> int:
    """Bytes that it takes in a message, or somewhat more."""
    return len(str(item.body()).encode()) + WORDING


def _actual(variables: Sequence[Json], name: str) -> int | None:
    for attribute in (one for found in _named(variables, name) for one in found["attributes"]):
        value = str(attribute.get("value", ""))
        if attribute.get("type", "Actual") == "Actual" and value.isdecimal():
            return int(value)
    return None


def _most(variables: Sequence[Json], name: str) -> int | None:
    for found in _named(variables, name):
        limit = found.get("characteristics", {}).get("maxLimit")
        if limit is not None:
            return int(limit)
    return None


def _named(variables: Sequence[Json], name: str) -> list[Json]:
    return [one for one in variables if one["variable"]["name"].casefold() == name.casefold()]
