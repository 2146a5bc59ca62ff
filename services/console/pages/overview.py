"""The first page: how the fleet is, and what needs somebody."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from ..fleet import Row
from ..person import Json, Person, Refusal, ThePerson
from ..rendering import page, segment, url

router = APIRouter()

SHOWN = 10
"""Of each kind of thing that needs somebody."""


@dataclass(frozen=True)
class Need:
    """One kind of thing that needs somebody."""

    title: str
    """In English, as it is in the files of translations."""
    where: str
    """Path of the list that has all of them."""
    items: Sequence[tuple[str, str, str]]
    """Of some of them: path, name, and what is the matter."""


@router.get("/")
async def overview(request: Request, person: ThePerson) -> Response:
    rows = await person.fleet.rows(person)
    needs = await asyncio.gather(_warnings(person), _dead_letters(person), _refused(person))
    shown = [need for need in (_faulted(rows), *needs) if need is not None and need.items]
    return page(request, "overview.html", person, counts=_counts(rows), needs=shown, total=len(rows))


def _counts(rows: Mapping[str, Row]) -> dict[str, int]:
    """Stations by their states, the most frequent first."""
    counts: dict[str, int] = {}
    for row in rows.values():
        counts[row.state] = counts.get(row.state, 0) + 1
    return dict(sorted(counts.items(), key=lambda each: -each[1]))


def _faulted(rows: Mapping[str, Row]) -> Need:
    found = [row for row in rows.values() if row.state == "Faulted"]
    items = [(f"/stations/{segment(row.id)}", row.id, _faults(row)) for row in found[:SHOWN]]
    return Need("Faulted", url("/stations", state="Faulted"), items)


def _faults(row: Row) -> str:
    faulted = [one for one in row.connectors.values() if one["status"] == "Faulted"]
    return ", ".join(f"{one['evseId']}/{one['connectorId']} {one.get('errorCode') or ''}" for one in faulted)


async def _warnings(person: Person) -> Need | None:
    found = await _first(person, "transactions:read", person.transaction, "/transactions", quality="doubtful")
    items = [
        (f"/transactions/{segment(one['id'])}", one["id"], ", ".join(map(str, one.get("warnings", []))))
        for one in found
    ]
    return Need("Sessions with warnings", url("/transactions", quality="doubtful"), items)


async def _dead_letters(person: Person) -> Need | None:
    found = await _first(person, "deadletters:read", person.device, "/deadletters")
    return Need(
        "Dead letters", "/deadletters", [("/deadletters", one["topic"], one["reason"]) for one in found]
    )


async def _refused(person: Person) -> Need | None:
    found = await _first(person, "stations:read", person.device, "/connectionattempts")
    items = [("/door", one.get("stationId") or one.get("path", ""), one["detail"]) for one in found]
    return Need("Refused at the door", "/door", items)


async def _first(person: Person, scope: str, api: Any, path: str, **parameters: str) -> Sequence[Json]:
    """Some of a list; none where the person may not see it."""
    if not person.may(scope):
        return []
    try:
        found: Sequence[Json] = (await api.get(path, pageSize=SHOWN, **parameters))["items"]
    except Refusal as refusal:
        if refusal.status == 403:
            return []
        raise
    return found
