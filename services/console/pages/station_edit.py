"""What the operator sets of a station, and its end: on pages of their own, so that nothing goes by a slip."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from ..person import Json, Refusal, TheForm, ThePerson
from ..rendering import seen_other
from .station import frame_of, section_page

router = APIRouter()

TEXTS = {
    "group": "Group",
    "vendorName": "Vendor",
    "model": "Model",
    "firmwareVersion": "Firmware",
    "serialNumber": "Serial number",
}
"""Title of each field that is a text. What a station reports at its next boot replaces all but the group."""

STATUSES = ("Accepted", "Pending", "Rejected")
VERSIONS = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")


@router.get("/stations/{id}/edit")
async def show_edit(request: Request, person: ThePerson, id: str) -> Response:
    frame = await frame_of(person, id)
    return section_page(request, person, "station_edit.html", frame, typed=typed_of(frame.station), **CHOICES)


@router.post("/stations/{id}/edit")
async def edit(request: Request, person: ThePerson, form: TheForm, id: str) -> Response:
    frame = await frame_of(person, id)
    typed = {name: str(form.get(name, "")).strip() for name in typed_of(frame.station)}
    try:
        await person.device.send("PATCH", frame.rest, patch_of(typed, typed_of(frame.station)))
    except Refusal as refusal:
        return section_page(request, person, "station_edit.html", frame, refusal, typed=typed, **CHOICES)
    person.fleet.forget()
    return seen_other(request, frame.path)


@router.get("/stations/{id}/delete")
async def confirm_delete(request: Request, person: ThePerson, id: str) -> Response:
    return section_page(request, person, "station_delete.html", await frame_of(person, id))


@router.post("/stations/{id}/delete")
async def delete(request: Request, person: ThePerson, id: str) -> Response:
    frame = await frame_of(person, id)
    try:
        await person.device.send("DELETE", frame.rest)
    except Refusal as refusal:
        return section_page(request, person, "station_delete.html", frame, refusal)
    person.fleet.forget()
    return seen_other(request, "/stations")


@router.post("/stations/{id}/deviations")
async def forget_deviations(request: Request, person: ThePerson, id: str) -> Response:
    frame = await frame_of(person, id)
    await person.device.send("DELETE", f"{frame.rest}/deviations")
    return seen_other(request, frame.path)


CHOICES: Json = {"texts": TEXTS, "statuses": STATUSES, "versions": VERSIONS}


def typed_of(station: Json) -> dict[str, str]:
    """What the form shows of a station."""
    location = station.get("location", {})
    names = (*TEXTS, "registrationStatus", "heartbeatInterval", "defaultVersion")
    shown = {name: station.get(name) for name in names}
    return {
        name: "" if value is None else str(value)
        for name, value in (shown | {"lat": location.get("lat"), "lng": location.get("lng")}).items()
    }


def patch_of(typed: dict[str, str], before: dict[str, str]) -> Json:
    """A merge patch with what was changed. What was emptied is removed. What is no number stays a text: the
    service says what is wrong with it.
    """
    changed: Json = {name: text or None for name, text in typed.items() if text != before[name]}
    patch = {name: changed[name] for name in changed if name not in ("lat", "lng")}
    if patch.get("heartbeatInterval"):
        patch["heartbeatInterval"] = number_of(patch["heartbeatInterval"])
    if "lat" in changed or "lng" in changed:
        place = {name: number_of(typed[name]) if typed[name] else None for name in ("lat", "lng")}
        patch["location"] = place if any(each is not None for each in place.values()) else None
    return patch


def number_of(text: str) -> Any:
    try:
        value = float(text)
    except ValueError:
        return text
    if text.removeprefix("-").isdecimal() and len(text) < 16:
        return int(text)
    return value if abs(value) < 1e15 else text
