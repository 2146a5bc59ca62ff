"""The local authorization list of a station: how far the station has got, its tokens, and how it changes."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from ..person import Json, Person, Refusal, TheForm, ThePerson
from ..rendering import seen_other
from .station import Frame, address_of, frame_of, section_page

router = APIRouter()

PAGE_SIZE = 100

UNCONFIRMED = {"detail": "nothing was changed: tick the box to confirm"}


@router.get("/stations/{id}/locallist")
async def show(request: Request, person: ThePerson, id: str) -> Response:
    return await _page(request, person, await frame_of(person, id), {}, None)


@router.post("/stations/{id}/locallist")
async def change(request: Request, person: ThePerson, form: TheForm, id: str) -> Response:
    """Some tokens more, or less."""
    body = {name: lines_of(str(form.get(name, ""))) for name in ("add", "remove") if form.get(name)}
    return await _sent(request, person, form, id, "PATCH", body)


@router.post("/stations/{id}/locallist/replace")
async def replace(request: Request, person: ThePerson, form: TheForm, id: str) -> Response:
    body = {"idTokens": lines_of(str(form.get("idTokens", "")))}
    return await _sent(request, person, form, id, "PUT", body)


@router.post("/stations/{id}/locallist/delete")
async def delete(request: Request, person: ThePerson, form: TheForm, id: str) -> Response:
    return await _sent(request, person, form, id, "DELETE", None)


def lines_of(text: str) -> list[str]:
    """A token in each line."""
    return [line.strip() for line in text.splitlines() if line.strip()]


async def _sent(
    request: Request, person: Person, form: TheForm, id: str, method: str, body: Json | None
) -> Response:
    frame = await frame_of(person, id)
    try:
        if method != "PATCH" and "confirmed" not in form:
            raise Refusal(422, UNCONFIRMED)
        await _send(person, f"{frame.rest}/locallist", method, body)
    except Refusal as refusal:
        typed = {name: str(form[name]) for name in ("add", "remove", "idTokens") if name in form}
        return await _page(request, person, frame, typed, refusal)
    return seen_other(request, f"{frame.path}/locallist")


async def _send(person: Person, path: str, method: str, body: Json | None) -> None:
    """Tokens that are added where there is no list begin one."""
    try:
        await person.user.send(method, path, body)
    except Refusal as refusal:
        if refusal.status != 404 or method != "PATCH" or not (body and body.get("add")):
            raise
        await person.user.send("PUT", path, {"idTokens": body["add"]})


async def _page(
    request: Request, person: Person, frame: Frame, typed: Json, refusal: Refusal | None
) -> Response:
    return section_page(
        request,
        person,
        "station_locallist.html",
        frame,
        refusal,
        found=await _list(person, frame, request.query_params.get("pageToken", "")),
        address=address_of(request, f"{frame.path}/locallist"),
        typed=typed,
    )


async def _list(person: Person, frame: Frame, token: str) -> Json | None:
    """None for a station that the CSMS keeps no list for."""
    try:
        found: Json = await person.user.get(f"{frame.rest}/locallist", pageSize=PAGE_SIZE, pageToken=token)
    except Refusal as refusal:
        if refusal.status == 404:
            return None
        raise
    return found
