"""The page of one station: the frame that all of its sections share, and the section that one sees first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response

from ..person import Json, Person, ThePerson
from ..rendering import page, segment

router = APIRouter()


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
    request: Request, person: Person, template: str, frame: Frame, status: int = 200, **values: Any
) -> Response:
    """A section, whose template extends ``station.html`` and sets ``section`` to its name."""
    return page(request, template, person, status, frame=frame, **values)


@router.get("/stations/{id}")
async def show(request: Request, person: ThePerson, id: str) -> Response:
    frame = await frame_of(person, id)
    return section_page(request, person, "station_overview.html", frame, evses=evses_of(frame.status))


def evses_of(status: Json) -> Mapping[int, Sequence[Json]]:
    """The connectors by their EVSEs."""
    found: dict[int, list[Json]] = {}
    for connector in status["connectors"]:
        found.setdefault(connector["evseId"], []).append(connector)
    return found
