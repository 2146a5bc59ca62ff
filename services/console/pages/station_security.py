"""What a station must show to connect: its security profile and its secret, which is shown once; and what was
refused at the door.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from ..listing import Column
from ..person import Json, Person, Refusal, TheForm, ThePerson
from ..rendering import seen_other
from .station import Frame, address_of, frame_of, section_page

router = APIRouter()

PAGE_SIZE = 50

PROFILES = {0: "nothing", 1: "its secret", 2: "its secret, over TLS", 3: "a certificate, over TLS"}
"""What the station must show, by the number of the profile."""

UNCONFIRMED = {"detail": "nothing was changed: tick the box to confirm"}


def _field(name: str, title: str, kind: str = "text") -> Column:
    return Column(name, title, lambda item: item.get(name), kind)


ATTEMPTS = (
    _field("lastAt", "Last", "time"),
    _field("reason", "Reason"),
    _field("detail", "In words"),
    _field("remoteAddress", "Address"),
    Column("subprotocols", "Subprotocols", lambda item: ", ".join(item.get("subprotocols", []))),
    _field("count", "Times", "number"),
    _field("firstAt", "First", "time"),
)


@router.get("/stations/{id}/security")
async def show(request: Request, person: ThePerson, id: str) -> Response:
    return await _page(request, person, await frame_of(person, id))


@router.post("/stations/{id}/security/profile")
async def set_profile(request: Request, person: ThePerson, form: TheForm, id: str) -> Response:
    frame, text = await frame_of(person, id), str(form.get("securityProfile", ""))
    body = {"securityProfile": int(text) if text in map(str, PROFILES) else text, "lower": "lower" in form}
    try:
        await person.device.send("PUT", f"{frame.rest}/security/profile", body)
    except Refusal as refusal:
        return await _page(request, person, frame, refusal, typed=body)
    return seen_other(request, f"{frame.path}/security")


@router.post("/stations/{id}/security/secret")
async def set_secret(request: Request, person: ThePerson, form: TheForm, id: str) -> Response:
    """A generated secret is in the answer to this request and nowhere else. A reload makes another one, which
    browsers ask about.
    """
    frame, given = await frame_of(person, id), str(form.get("secret", ""))
    kind = "weakSecret" if "weak" in form else "secret"
    try:
        if "confirmed" not in form:
            raise Refusal(422, UNCONFIRMED)
        issued = await person.device.send("POST", f"{frame.rest}/credentials", {kind: given} if given else {})
    except Refusal as refusal:
        return await _page(request, person, frame, refusal)
    response = await _page(request, person, frame, issued=issued)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/stations/{id}/security/secret/remove")
async def remove_secret(request: Request, person: ThePerson, form: TheForm, id: str) -> Response:
    frame = await frame_of(person, id)
    try:
        if "confirmed" not in form:
            raise Refusal(422, UNCONFIRMED)
        await person.device.send("DELETE", f"{frame.rest}/credentials")
    except Refusal as refusal:
        return await _page(request, person, frame, refusal)
    return seen_other(request, f"{frame.path}/security")


async def _page(
    request: Request,
    person: Person,
    frame: Frame,
    refusal: Refusal | None = None,
    issued: Json | None = None,
    typed: Json | None = None,
) -> Response:
    security = await person.device.get(f"{frame.rest}/security")
    values: dict[str, Any] = {"security": security, "issued": issued, "typed": typed or {}}
    token = request.query_params.get("pageToken", "")
    found = await person.device.get(
        "/connectionattempts", stationId=frame.id, pageSize=PAGE_SIZE, pageToken=token
    )
    address = address_of(request, f"{frame.path}/security")
    return section_page(
        request,
        person,
        "station_security.html",
        frame,
        refusal,
        found=found,
        columns=ATTEMPTS,
        profiles=PROFILES,
        address=address,
        **values,
    )
