"""The stations that have a place, on a map without tiles, and beside it as a table."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from ..fleet import Row, ordered
from ..person import ThePerson
from ..rendering import page, segment

router = APIRouter()

MAX_ROWS = 500
"""Of the table. The map has all of them."""


@router.get("/map")
async def show(request: Request, person: ThePerson) -> Response:
    rows = (await person.fleet.rows(person)).values()
    placed = ordered(_placed(rows), "id")
    states = sorted({row.state for row in placed})
    return page(
        request,
        "map.html",
        person,
        rows=placed[:MAX_ROWS],
        total=len(placed),
        elsewhere=len(rows) - len(placed),
        states=states,
    )


@router.get("/map.json")
async def stations(person: ThePerson) -> Response:
    """For ``map.js``."""
    rows = (await person.fleet.rows(person)).values()
    found = [
        {
            "id": row.id,
            "path": f"/stations/{segment(row.id)}",
            "lat": row.station["location"]["lat"],
            "lng": row.station["location"]["lng"],
            "state": row.state,
            "charging": len(row.transactions),
        }
        for row in _placed(rows)
    ]
    return JSONResponse({"stations": found}, headers={"Cache-Control": "no-store"})


def _placed(rows: Iterable[Row]) -> list[Row]:
    """Zero is a place, too."""
    return [row for row in rows if {"lat", "lng"} <= (row.station.get("location") or {}).keys()]
