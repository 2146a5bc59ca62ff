"""The page of one station: the frame that all of its sections share, and the section that one sees first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from ..evses import cards_of
from ..operations import body_of, commands_of, operate, operation_key
from ..person import Json, Person, Refusal, TheForm, ThePerson
from ..rendering import page, seen_other, segment, url

router = APIRouter()

OPERATIONS = "start-session stop-session unlock-connector reset change-availability trigger-message".split()
"""Those that the overview has forms for."""

TRIGGERS = (
    "StatusNotification Heartbeat MeterValues BootNotification FirmwareStatusNotification "
    "LogStatusNotification DiagnosticsStatusNotification TransactionEvent SignChargingStationCertificate"
).split()
"""Messages that a station can be asked for."""

MAX_DEVIATIONS = 20
"""On one page."""


class Section(NamedTuple):
    """One tab of the page."""

    name: str
    """Last part of its path; empty for what one sees first."""
    title: str
    """In English, as it is in the files of translations."""
    scope: str
    """Without which there is nothing to see."""


SECTIONS = (
    Section("", "Overview", "stations:read"),
    Section("log", "Live log", "messages:read"),
    Section("commands", "Commands", "commands:read"),
    Section("variables", "Variables", "stations:read"),
    Section("profiles", "Charging profiles", "stations:read"),
    Section("jobs", "Jobs", "stations:read"),
    Section("events", "Events", "stations:read"),
    Section("monitors", "Monitors", "stations:read"),
    Section("locallist", "Local list", "locallists:read"),
    Section("reservations", "Reservations", "reservations:read"),
    Section("security", "Security", "stations:read"),
)


@dataclass(frozen=True)
class Frame:
    """What stands above every section of a station."""

    station: Json
    """As ``/chargingstations/{id}`` has it."""
    status: Json
    """As ``/chargingstations/{id}/status`` has it."""
    before: str | None
    """Id of the station before this one, in the order of ids; None for the first."""
    after: str | None
    sections: Sequence[Section]
    """Those that the person may see."""

    @property
    def id(self) -> str:
        return str(self.station["id"])

    @property
    def path(self) -> str:
        """Of the page in the console."""
        return f"/stations/{segment(self.id)}"

    @property
    def rest(self) -> str:
        """Of the station in the REST."""
        return rest_of(self.id)

    @property
    def connected(self) -> bool:
        return bool(self.status["connected"])

    @property
    def version(self) -> str:
        """``ocpp1.6``, ``ocpp2.0.1``, ``ocpp2.1``, or empty for a station that has never been here."""
        return str(self.status.get("ocppVersion") or "")

    @property
    def names(self) -> Sequence[str]:
        """What kind of station it is, as far as that is known."""
        known = (self.station.get(name) for name in ("vendorName", "model", "firmwareVersion"))
        return [name for name in (*known, self.version) if name]


def rest_of(id: str) -> str:
    """The path of a station in the REST of every service."""
    return f"/chargingstations/{segment(id)}"


async def frame_of(person: Person, id: str) -> Frame:
    """Raises ``Refusal``: 404 for a station that is not there, or not his."""
    station, status, rows = await asyncio.gather(
        person.device.get(rest_of(id)), person.device.get(f"{rest_of(id)}/status"), person.fleet.rows(person)
    )
    return Frame(
        station,
        status,
        before=max((other for other in rows if other < id), default=None),
        after=min((other for other in rows if other > id), default=None),
        sections=[section for section in SECTIONS if person.may(section.scope)],
    )


def section_page(
    request: Request,
    person: Person,
    template: str,
    frame: Frame,
    refusal: Refusal | None = None,
    **values: Any,
) -> Response:
    """A section, whose template extends ``station.html`` and sets ``section`` to its name. ``refusal`` is of
    the form that was sent.
    """
    status = 200 if refusal is None else refusal.status
    return page(request, template, person, status, frame=frame, refusal=refusal, **values)


def address_of(request: Request, path: str) -> Callable[..., str]:
    """Makes the address of that page with some parameters changed; None takes one away. The commands whose
    answers were told are left behind.
    """
    known = {name: value for name, value in request.query_params.items() if name != "command"}

    def address(**changed: str | None) -> str:
        return url(path, **(known | changed))

    return address


@router.get("/stations/{id}")
async def show(request: Request, person: ThePerson, id: str) -> Response:
    return await _overview(request, person, await frame_of(person, id), {}, None)


@router.get("/stations/{id}/reset")
async def confirm_reset(request: Request, person: ThePerson, id: str) -> Response:
    return _reset(request, person, await frame_of(person, id), {}, None)


@router.post("/stations/{id}/remote/{operation}")
async def act(request: Request, person: ThePerson, form: TheForm, id: str, operation: str) -> Response:
    if operation not in OPERATIONS:
        raise HTTPException(404, "there is no such operation here")
    frame, body = await frame_of(person, id), body_of(form)
    try:
        commands = await operate(person, id, operation, body, str(form.get("key", "")))
    except Refusal as refusal:
        shown = body | {"operation": operation}
        if operation == "reset":
            return _reset(request, person, frame, shown, refusal)
        return await _overview(request, person, frame, shown, refusal)
    return seen_other(request, f"{frame.path}?{commands}")


async def _overview(
    request: Request, person: Person, frame: Frame, typed: Json, refusal: Refusal | None
) -> Response:
    commands, cards, deviations = await asyncio.gather(
        commands_of(request, person, frame.id),
        cards_of(person, frame.status),
        _deviations(request, person, frame),
    )
    key = operation_key()
    return section_page(
        request,
        person,
        "station_overview.html",
        frame,
        refusal,
        commands=commands,
        cards=cards,
        stream=f"/stream{frame.path}?key={key}&shown={'-'.join(str(card.evse_id) for card in cards)}",
        deviations=deviations,
        triggers=TRIGGERS,
        address=address_of(request, frame.path),
        key=key,
        typed=typed,
    )


def _reset(request: Request, person: Person, frame: Frame, typed: Json, refusal: Refusal | None) -> Response:
    return section_page(
        request, person, "station_reset.html", frame, refusal, key=operation_key(), typed=typed
    )


async def _deviations(request: Request, person: Person, frame: Frame) -> Json:
    """How it departs from OCPP, the latest first."""
    if not person.may("profiles:read"):
        return {"items": []}
    token = request.query_params.get("deviations", "")
    path = f"{frame.rest}/deviations"
    found: Json = await person.device.get(path, pageSize=MAX_DEVIATIONS, pageToken=token)
    return found
