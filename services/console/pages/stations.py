"""The list of stations: search, filter and sort are over the whole fleet, in the memory of the console."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import Request, Response

from ..fleet import Row, ordered
from ..listing import Asked, Column, Filter, Found, Listing, listing_router
from ..person import Json, Person, TheForm, ThePerson
from ..rendering import seen_other, segment

STATES = (
    "Offline Online Faulted Unavailable Charging SuspendedEV SuspendedEVSE Occupied Preparing Finishing "
    "Reserved Available"
).split()

FIELDS = {
    "registration": "registrationStatus",
    "group": "group",
    "model": "model",
    "firmware": "firmwareVersion",
}
"""Fields of a station by the filters that compare them."""

VERSIONS = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")


async def find(person: Person, asked: Asked) -> Found:
    known: Iterable[Row] = (await person.fleet.rows(person)).values()
    for name, wanted in asked.filters.items():
        known = _fitting(known, name, wanted)
    rows = ordered(known, asked.sort or "id")
    first = int(asked.page_token) if asked.page_token.isdecimal() else 0
    shown = rows[first : first + asked.page_size]
    last = first + len(shown)
    return Found([item_of(row) for row in shown], str(last) if last < len(rows) else "", len(rows))


def _fitting(rows: Iterable[Row], name: str, wanted: str) -> Iterable[Row]:
    match name:
        case "q":
            search = wanted.lower()
            return [row for row in rows if search in row.text]
        case "state":
            return [row for row in rows if row.state == wanted]
        case "version":
            return [row for row in rows if row.connection.get("ocppVersion") == wanted]
    field = FIELDS[name]
    return [row for row in rows if row.station.get(field) == wanted]


def item_of(row: Row) -> Json:
    connectors = [one for one in row.connectors.values() if one["evseId"] > 0]
    return row.station | {
        "state": row.state,
        "connected": row.connected,
        "ocppVersion": row.connection.get("ocppVersion"),
        "lastSeen": row.connection.get("lastSeen"),
        "connectors": ", ".join(f"{one['evseId']}: {one['status']}" for one in connectors),
        "transactions": len(row.transactions),
    }


def _field(name: str, title: str, shown: bool = True) -> Column:
    return Column(name, title, lambda item: item.get(name), shown=shown, sortable=True)


LISTING = Listing(
    "/stations",
    "Stations",
    [
        Column(
            "id",
            "Station",
            lambda item: item["id"],
            link=lambda item: f"/stations/{segment(item['id'])}",
            sortable=True,
        ),
        Column("state", "State", lambda item: item["state"], "state", sortable=True),
        Column("connectors", "Connectors", lambda item: item["connectors"]),
        Column("transactions", "Transactions", lambda item: item["transactions"], "number", sortable=True),
        _field("vendorName", "Vendor"),
        _field("model", "Model"),
        _field("firmwareVersion", "Firmware"),
        _field("serialNumber", "Serial number", shown=False),
        _field("group", "Group"),
        _field("ocppVersion", "Version"),
        Column("registrationStatus", "Registration", lambda item: item["registrationStatus"], "state"),
        Column("lastSeen", "Last seen", lambda item: item["lastSeen"], "time", sortable=True),
    ],
    find,
    [
        Filter("state", "State", STATES),
        Filter("version", "Version", VERSIONS),
        Filter("registration", "Registration", ("Accepted", "Pending", "Rejected")),
        Filter("group", "Group"),
        Filter("model", "Model"),
        Filter("firmware", "Firmware"),
    ],
    searches="id, vendor, model, serial number, firmware, group",
    empty="No station fits.",
    row_id=lambda item: f"station-{segment(item['id'])}",
    above="stations_above.html",
    live=True,
)

router = listing_router(LISTING)


@router.post("/stations")
async def register(request: Request, person: ThePerson, form: TheForm) -> Response:
    body = {name: text for name in ("id", "group") if (text := str(form.get(name, "")).strip())}
    station = await person.device.send("POST", "/chargingstations", body)
    person.fleet.forget()
    return seen_other(request, f"/stations/{segment(station['id'])}")
