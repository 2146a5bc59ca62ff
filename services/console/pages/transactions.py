"""The list of transactions."""

from __future__ import annotations

from ..listing import Asked, Column, Filter, Found, Listing, listing_router
from ..person import Person
from ..rendering import segment
from ..typed import period


async def find(person: Person, asked: Asked) -> Found:
    return Found.of(
        await person.transaction.get(
            "/transactions", **period(asked.filters), pageSize=asked.page_size, pageToken=asked.page_token
        )
    )


def _field(name: str, title: str, kind: str = "text", shown: bool = True) -> Column:
    return Column(name, title, lambda item: item.get(name), kind, shown=shown)


LISTING = Listing(
    "/transactions",
    "Transactions",
    [
        Column(
            "id",
            "Transaction",
            lambda item: item["transactionId"],
            "code",
            link=lambda item: f"/transactions/{segment(item['id'])}",
        ),
        Column(
            "stationId",
            "Station",
            lambda item: item["stationId"],
            link=lambda item: f"/stations/{segment(item['stationId'])}",
        ),
        Column("evseId", "EVSE", lambda item: item.get("evseId", item.get("connectorId")), "number"),
        _field("idToken", "Token", "code"),
        Column("state", "State", lambda item: "active" if item["active"] else "ended", "state"),
        _field("startedAt", "Start", "time"),
        _field("endedAt", "End", "time"),
        _field("energyWh", "Energy", "energy"),
        _field("stoppedReason", "Reason"),
        _field("quality", "Quality", "state"),
        Column("warnings", "Warnings", lambda item: "; ".join(item["warnings"]), shown=False),
        _field("idTokenStatus", "Answer to the token", "state", shown=False),
        _field("chargingState", "Charging state", "state", shown=False),
        _field("ocppVersion", "Version", shown=False),
        _field("meterStartWh", "Meter at the start (Wh)", "number", shown=False),
        _field("meterStopWh", "Meter at the end (Wh)", "number", shown=False),
    ],
    find,
    [
        Filter("stationId", "Station"),
        Filter("idToken", "Token"),
        Filter("active", "Active", ("true", "false")),
        Filter("quality", "Quality", ("clean", "repaired", "doubtful")),
        Filter("from", "Started from (UTC)", kind="datetime-local"),
        Filter("to", "Started before (UTC)", kind="datetime-local"),
    ],
    empty="No transaction fits.",
)

router = listing_router(LISTING)
