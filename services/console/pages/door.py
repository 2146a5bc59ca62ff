"""The door: connections that gateways refused, why, and what to do; and how to connect a charger."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

from libs.ocpp_messages.event import RefusalReason

from ..listing import Asked, Column, Filter, Found, Listing, listing_page, listing_router
from ..person import Json, Person, Refusal, TheForm, ThePerson
from ..rendering import seen_other, segment
from ..typed import typed


@dataclass(frozen=True)
class Why:
    text: str
    to_do: str


WHY = {
    RefusalReason.WRONG_PATH: Why(
        "Its path is not /ocpp/ and the id of a station",
        "Correct the URL at the station, or set CSMS_GATEWAY_PATHS.",
    ),
    RefusalReason.BAD_IDENTITY: Why(
        "Its path names what no station may be called", "Give the station another identity."
    ),
    RefusalReason.NO_SUBPROTOCOL: Why(
        "It offers no version of OCPP that is spoken here",
        "If it speaks one and does not say so, set the default version of the station.",
    ),
    RefusalReason.UNKNOWN_STATION: Why("There is no station of that id", "Register it, if it is yours."),
    RefusalReason.WRONG_SECRET: Why(
        "Its secret or user name is wrong, or it sent none",
        "Set the same secret here and at the station. The user name is the id of the station.",
    ),
    RefusalReason.WEAK_SECRET: Why(
        "Its secret is right, and too short for CSMS_WEAK_SECRETS=refused", "Give it a longer one."
    ),
    RefusalReason.PROFILE_TOO_LOW: Why(
        "It shows less than its security profile asks for: TLS, or a secret",
        "Raise the profile at the station, or lower what it must show.",
    ),
    RefusalReason.FOREIGN_ORIGIN: Why(
        "A web page has sent it, which stations never are",
        "If the page is yours, name its origin in CSMS_ALLOWED_ORIGINS.",
    ),
    RefusalReason.TOO_MANY_CONNECTIONS: Why(
        "Two devices use one identity, and each ends the connection of the other",
        "Find the second device, and give it an identity of its own.",
    ),
    RefusalReason.TOO_MANY_ATTEMPTS: Why(
        "Its address connects or guesses too often",
        "Find out who is there, or raise CSMS_CONNECTIONS_PER_ADDRESS or CSMS_FAILED_LOGINS_PER_MINUTE.",
    ),
}
"""By reason. In English, as they are in the files of translations."""


async def find(person: Person, asked: Asked) -> Found:
    found = await person.device.get(
        "/connectionattempts", **asked.filters, pageSize=asked.page_size, pageToken=asked.page_token
    )
    known = await person.fleet.rows(person)
    return Found.of(found | {"items": [_item(one, one.get("stationId") in known) for one in found["items"]]})


def _item(attempt: Json, is_registered: bool) -> Json:
    reasons: dict[str, Why] = {reason.value: why for reason, why in WHY.items()}
    why = reasons.get(attempt["reason"], Why(attempt["reason"], ""))
    return attempt | {"registered": is_registered, "why": why.text, "toDo": why.to_do}


def _station(item: Json) -> str:
    return f"/stations/{segment(item['stationId'])}" if item["registered"] else ""


def _field(name: str, title: str, kind: str = "text", shown: bool = True) -> Column:
    return Column(name, title, lambda item: item.get(name), kind, shown=shown)


LISTING = Listing(
    "/door",
    "Door",
    [
        Column("stationId", "Who", lambda item: item.get("stationId") or item.get("path"), "code", _station),
        _field("why", "Why", "translated"),
        _field("toDo", "What to do", "translated"),
        _field("detail", "In detail"),
        _field("remoteAddress", "Address", "code"),
        Column("subprotocols", "Offered", lambda item: ", ".join(item["subprotocols"]), "code", shown=False),
        _field("count", "How often", "number"),
        _field("firstAt", "First", "time", shown=False),
        _field("lastAt", "Last", "time"),
        _field("reason", "Reason", "code", shown=False),
    ],
    find,
    [Filter("stationId", "Station"), Filter("reason", "Reason", [reason.value for reason in RefusalReason])],
    empty="Nobody was refused.",
    above="door_above.html",
    actions="door_actions.html",
)

router = listing_router(LISTING)


@router.post("/door")
async def register(request: Request, person: ThePerson, form: TheForm) -> Response:
    given = typed(form, "id", "group")
    try:
        await person.device.send(
            "POST", "/chargingstations", {name: value for name, value in given.items() if value}
        )
    except Refusal as refusal:
        return await listing_page(request, LISTING, person, refusal.status, refusal=refusal)
    person.fleet.forget()
    return seen_other(request, f"/stations/{segment(given['id'])}")
