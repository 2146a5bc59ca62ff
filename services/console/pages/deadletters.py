"""Messages that no attempt could handle: what is in them, to put back or to dismiss."""

from __future__ import annotations

from fastapi import Request, Response

from ..listing import Asked, Column, Filter, Found, Listing, listing_page, listing_router
from ..person import Json, Person, Refusal, TheForm, ThePerson
from ..rendering import seen_other, segment
from ..typed import typed


async def find(person: Person, asked: Asked) -> Found:
    return Found.of(
        await person.device.get(
            "/deadletters", **asked.filters, pageSize=asked.page_size, pageToken=asked.page_token
        )
    )


def _field(name: str, title: str, kind: str = "text", shown: bool = True) -> Column:
    return Column(name, title, lambda item: item.get(name), kind, shown=shown)


def _station(item: Json) -> str:
    return f"/stations/{segment(item['stationId'])}" if item["stationId"] else ""


LISTING = Listing(
    "/deadletters",
    "Dead letters",
    [
        _field("receivedAt", "Given up", "time"),
        _field("topic", "Topic", "code"),
        _field("subscription", "Subscription", "code", shown=False),
        Column("stationId", "Station", lambda item: item["stationId"], link=_station),
        _field("reason", "Reason"),
        _field("attempts", "Attempts", "number"),
        Column("retried", "Put back", lambda item: item.get("retried", False), "boolean"),
        _field("retriedAt", "Put back at", "time", shown=False),
        _field("data", "Payload", "code", shown=False),
    ],
    find,
    [
        Filter("topic", "Topic"),
        Filter("stationId", "Station"),
        Filter("retried", "Put back", ("true", "false")),
    ],
    empty="There is no dead letter: every message was handled.",
    above="refused_above.html",
    actions="deadletter_actions.html",
)

router = listing_router(LISTING)


@router.post("/deadletters")
async def act(request: Request, person: ThePerson, form: TheForm) -> Response:
    given = typed(form, "id", "act")
    path = f"/deadletters/{segment(given['id'])}"
    try:
        if given["act"] == "retry":
            await person.device.send("POST", f"{path}/retry")
        else:
            await person.device.send("DELETE", path)
    except Refusal as refusal:
        return await listing_page(request, LISTING, person, refusal.status, refusal=refusal)
    return seen_other(request, "/deadletters")
