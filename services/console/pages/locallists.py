"""Which stations have a local authorization list, and whether they have all of it."""

from __future__ import annotations

import asyncio

from ..fleet import Row, ordered
from ..listing import Asked, Column, Filter, Found, Listing, listing_router
from ..person import Json, Person, Refusal
from ..rendering import segment

AT_ONCE = 10
"""Lists that are asked for at the same time: the REST has them station by station."""


async def find(person: Person, asked: Asked) -> Found:
    """The stations of a page, each with its list."""
    search, group = asked.filters.get("q", "").lower(), asked.filters.get("group")
    rows = [
        row
        for row in (await person.fleet.rows(person)).values()
        if search in row.text and group in (None, row.station.get("group"))
    ]
    first = int(asked.page_token) if asked.page_token.isdecimal() else 0
    shown = ordered(rows, "id")[first : first + asked.page_size]
    gate = asyncio.Semaphore(AT_ONCE)

    async def item(row: Row) -> Json:
        async with gate:
            return {"stationId": row.id, "group": row.station.get("group")} | await _list_of(person, row.id)

    items = await asyncio.gather(*map(item, shown))
    last = first + len(shown)
    return Found(items, str(last) if last < len(rows) else "", len(rows))


async def _list_of(person: Person, id: str) -> Json:
    """Without a list nothing."""
    try:
        found: Json = await person.user.get(f"/chargingstations/{segment(id)}/locallist", pageSize=1)
    except Refusal as refusal:
        if refusal.status == 404:
            return {}
        raise
    return found


def _field(name: str, title: str, kind: str = "text") -> Column:
    return Column(name, title, lambda item: item.get(name), kind)


LISTING = Listing(
    "/locallists",
    "Local lists",
    [
        Column(
            "stationId",
            "Station",
            lambda item: item["stationId"],
            link=lambda item: f"/stations/{segment(item['stationId'])}/locallist",
        ),
        _field("group", "Group"),
        Column("status", "Status", lambda item: item.get("status", "no list"), "state"),
        _field("tokens", "Tokens", "number"),
        _field("version", "Version", "number"),
        _field("reason", "Reason"),
        _field("updatedAt", "Changed", "time"),
        _field("synchronizedAt", "Confirmed", "time"),
    ],
    find,
    [Filter("group", "Group")],
    searches="id, vendor, model, serial number, firmware, group",
    empty="No station fits.",
)

router = listing_router(LISTING)
