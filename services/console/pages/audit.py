"""Who did what: the records of the audit trail."""

from __future__ import annotations

from ..listing import Asked, Column, Filter, Found, Listing, listing_router
from ..person import Json, Person
from ..rendering import segment
from ..typed import period


async def find(person: Person, asked: Asked) -> Found:
    return Found.of(
        await person.user.get(
            "/audit", **period(asked.filters), pageSize=asked.page_size, pageToken=asked.page_token
        )
    )


def _field(name: str, title: str, kind: str = "text", shown: bool = True) -> Column:
    return Column(name, title, lambda item: item.get(name), kind, shown=shown)


def _changes(item: Json) -> str:
    """Fields of the body, with their values where they are kept."""
    return ", ".join(
        f"{one['field']}: {one['value']}" if one.get("value") is not None else str(one["field"])
        for one in item.get("changes", ())
    )


def _station(item: Json) -> str:
    return f"/stations/{segment(item['stationId'])}" if item.get("stationId") else ""


LISTING = Listing(
    "/audit",
    "Audit",
    [
        _field("at", "Time", "time"),
        _field("callerId", "Who"),
        _field("callerKind", "As", shown=False),
        _field("action", "Action", "code"),
        _field("target", "Target", "code"),
        Column("stationId", "Station", lambda item: item.get("stationId"), link=_station),
        _field("outcome", "Outcome", "state"),
        Column("status", "Status", lambda item: (item.get("end") or item).get("status"), "number"),
        Column("changes", "Fields", _changes),
        _field("address", "Address", "code"),
        _field("path", "Path", "code", shown=False),
        _field("service", "Service", shown=False),
        _field("kind", "Kind", shown=False),
        _field("requestId", "X-Request-ID", "code", shown=False),
        _field("id", "Record", "code", shown=False),
    ],
    find,
    [
        Filter("caller", "Who"),
        Filter("action", "Action"),
        Filter("target", "Target"),
        Filter("stationId", "Station"),
        Filter("outcome", "Outcome", ("succeeded", "refused", "failed", "unknown")),
        Filter("from", "From (UTC)", kind="datetime-local"),
        Filter("to", "Before (UTC)", kind="datetime-local"),
    ],
    empty="No record fits.",
)

router = listing_router(LISTING)
