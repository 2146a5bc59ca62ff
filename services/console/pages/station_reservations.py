"""The reservations of a station: those that it accepted, and forms to reserve and to cancel."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from ..operations import body_of, commands_of, operate, operation_key
from ..person import Json, Person, Refusal, TheForm, ThePerson
from ..rendering import seen_other
from .station import Frame, address_of, frame_of, section_page
from .station_reports import in_utc

router = APIRouter()

PAGE_SIZE = 50

STATUSES = ("active", "used", "expired", "cancelled", "removed")

OPERATIONS = ("reserve-now", "cancel-reservation")


@router.get("/stations/{id}/reservations")
async def show(request: Request, person: ThePerson, id: str) -> Response:
    return await _page(request, person, await frame_of(person, id), {}, None)


@router.post("/stations/{id}/reservations/{operation}")
async def act(request: Request, person: ThePerson, form: TheForm, id: str, operation: str) -> Response:
    frame, typed = await frame_of(person, id), body_of(form)
    times = {name: in_utc(text) for name, text in typed.items() if name == "expiryDateTime"}
    try:
        if operation not in OPERATIONS:
            raise Refusal(404, {"detail": "there is no such operation here"})
        commands = await operate(person, id, operation, typed | times, str(form.get("key", "")))
    except Refusal as refusal:
        return await _page(request, person, frame, typed | {"operation": operation}, refusal)
    return seen_other(request, f"{frame.path}/reservations?{commands}")


async def _page(
    request: Request, person: Person, frame: Frame, typed: Json, refusal: Refusal | None
) -> Response:
    status, token = (request.query_params.get(name, "") for name in ("status", "pageToken"))
    status = status if status in STATUSES else ""
    found = await person.user.get(
        "/reservations", stationId=frame.id, status=status, pageSize=PAGE_SIZE, pageToken=token
    )
    return section_page(
        request,
        person,
        "station_reservations.html",
        frame,
        refusal,
        commands=await commands_of(request, person, frame.id),
        found=found,
        statuses=STATUSES,
        chosen=status,
        evses=sorted({one["evseId"] for one in frame.status["connectors"] if one["evseId"]}),
        address=address_of(request, f"{frame.path}/reservations"),
        typed=typed,
        key=operation_key(),
    )
