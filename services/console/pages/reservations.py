"""Reservations of all stations, and giving one back."""

from __future__ import annotations

from fastapi import Request, Response

from ..listing import Asked, Column, Filter, Found, Listing, listing_page, listing_router
from ..person import Json, Person, Refusal, TheForm, ThePerson
from ..rendering import seen_other, segment
from ..typed import number, typed


async def find(person: Person, asked: Asked) -> Found:
    return Found.of(
        await person.user.get(
            "/reservations", **asked.filters, pageSize=asked.page_size, pageToken=asked.page_token
        )
    )


def _field(name: str, title: str, kind: str = "text", shown: bool = True) -> Column:
    return Column(name, title, lambda item: item.get(name), kind, shown=shown)


def _transaction(item: Json) -> str:
    return f"/transactions/{segment(item['transaction'])}" if "transaction" in item else ""


LISTING = Listing(
    "/reservations",
    "Reservations",
    [
        _field("reservationId", "Number"),
        Column(
            "stationId",
            "Station",
            lambda item: item["stationId"],
            link=lambda item: f"/stations/{segment(item['stationId'])}",
        ),
        _field("status", "Status", "state"),
        Column("evseId", "EVSE", lambda item: item.get("evseId", item.get("connectorId")), "number"),
        _field("connectorType", "Connector type", shown=False),
        _field("idToken", "Token", "code"),
        _field("groupIdToken", "Group", "code", shown=False),
        _field("createdAt", "Accepted at", "time"),
        _field("expiryDateTime", "Expires", "time"),
        _field("endedAt", "End", "time"),
        _field("reason", "Reason"),
        Column("transactionId", "Transaction", lambda item: item.get("transactionId"), "code", _transaction),
    ],
    find,
    [
        Filter("stationId", "Station"),
        Filter("status", "Status", ("active", "used", "expired", "cancelled", "removed")),
        Filter("idToken", "Token"),
    ],
    empty="No reservation fits. A station reserves a place by the command ReserveNow.",
    above="refused_above.html",
    actions="reservation_actions.html",
)

router = listing_router(LISTING)


@router.post("/reservations")
async def cancel(request: Request, person: ThePerson, form: TheForm) -> Response:
    given = typed(form, "stationId", "reservationId")
    try:
        await _cancel(person, given["stationId"], number(given["reservationId"]))
    except Refusal as refusal:
        return await listing_page(request, LISTING, person, refusal.status, refusal=refusal)
    return seen_other(request, "/reservations")


async def _cancel(person: Person, station_id: str, reservation_id: int | str) -> None:
    """Raises ``Refusal``, for that of the station too."""
    path = f"/chargingstations/{segment(station_id)}/remote/cancel-reservation"
    outcome = await person.device.send("POST", path, {"reservationId": reservation_id})
    if outcome["status"] != "accepted":
        word = outcome.get("stationStatus") or outcome["status"]
        raise Refusal(409, {"title": "Conflict", "detail": f"station {station_id} has answered {word}"})
