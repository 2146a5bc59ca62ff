"""Lists: one page for all of them, whose address holds its whole state. It searches, filters, sorts, chooses
columns, goes on page by page, and gives the list as CSV.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from .person import Json, Person, ThePerson
from .rendering import page, url

PAGE_SIZE = 50
CSV_PAGE_SIZE = 1_000
MAX_CSV_ROWS = 100_000

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With which spreadsheets take text for a formula."""


@dataclass(frozen=True)
class Column:
    name: str
    """In the address and in the CSV file."""
    title: str
    value: Callable[[Json], Any]
    """What the cell shows, of an item as the REST has it."""
    kind: str = "text"
    """The macro of ``cells.html`` that draws it: text, code, time, energy, state, boolean or number."""
    link: Callable[[Json], str] | None = None
    """Path of the page about it; empty where an item has none."""
    shown: bool = True
    """Unless the person has chosen columns."""
    sortable: bool = False


@dataclass(frozen=True)
class Filter:
    name: str
    """Of the parameter in the address."""
    title: str
    choices: Sequence[str] = ()
    """Without any, a text is typed."""


@dataclass(frozen=True)
class Asked:
    """What a person wants to see of a list."""

    filters: Mapping[str, str]
    """By their names; ``q`` is the search. Those that are empty are not among them."""
    sort: str = ""
    """Name of a column; with ``-`` before it, the other way round."""
    page_size: int = PAGE_SIZE
    page_token: str = ""


@dataclass(frozen=True)
class Found:
    items: Sequence[Json]
    next_page_token: str = ""
    total: int | None = None
    """Of all pages, where that is known."""

    @classmethod
    def of(cls, page: Json) -> Found:
        """A page of the REST."""
        return cls(page["items"], page.get("nextPageToken") or "")


@dataclass(frozen=True)
class Listing:
    path: str
    title: str
    """In English, as it is in the files of translations."""
    columns: Sequence[Column]
    find: Callable[[Person, Asked], Awaitable[Found]]
    filters: Sequence[Filter] = ()
    searches: str = ""
    """What the search looks at, in words; empty where there is none."""
    empty: str = "There is nothing to show."
    above: str = ""
    """Template of what stands above the list, such as a form to add one."""
    actions: str = ""
    """Template of the last cell of each row, which gets the item as ``item``."""
    row_id: Callable[[Json], str] = field(default=lambda item: "")
    """The ``id`` of the row in the page, for rows that are replaced while one looks at them."""
    stream: str = ""
    """Address of the events that replace rows."""


def listing_router(listing: Listing) -> APIRouter:
    router = APIRouter()

    @router.get(listing.path, name=listing.title)
    async def show(request: Request, person: ThePerson) -> Response:
        if request.query_params.get("format") == "csv":
            asked, columns = _asked(request, listing), _columns(request, listing)
            name = listing.path.strip("/").replace("/", "-")
            return StreamingResponse(
                _csv(listing, columns, person, asked),
                media_type="text/csv; charset=utf-8",
                headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
            )
        return await listing_page(request, listing, person)

    return router


async def listing_page(
    request: Request, listing: Listing, person: Person, status: int = 200, **values: Any
) -> Response:
    """Also for a form of the list that was refused: ``values`` are what was typed, and why."""
    asked = _asked(request, listing)
    return page(
        request,
        "listing.html",
        person,
        status,
        listing=listing,
        columns=_columns(request, listing),
        asked=asked,
        found=await listing.find(person, asked),
        address=address_of(request),
        chosen=request.query_params.get("columns", ""),
        **values,
    )


def address_of(request: Request) -> Callable[..., str]:
    """Makes the address of the page with some parameters changed; None takes one away."""
    known = {name: value for name, value in request.query_params.items() if name != "format"}

    def address(**changed: str | None) -> str:
        return url(request.url.path, **(known | changed))

    return address


def _asked(request: Request, listing: Listing) -> Asked:
    given = request.query_params
    names = [*(["q"] if listing.searches else []), *(each.name for each in listing.filters)]
    filters = {name: given[name].strip() for name in names if given.get(name, "").strip()}
    sortable = {column.name for column in listing.columns if column.sortable}
    sort = given.get("sort", "")
    return Asked(
        filters, sort if sort.removeprefix("-") in sortable else "", page_token=given.get("pageToken", "")
    )


def _columns(request: Request, listing: Listing) -> Sequence[Column]:
    chosen = [name for text in request.query_params.getlist("columns") for name in text.split(",") if name]
    if chosen:
        return [column for column in listing.columns if column.name in chosen]
    return [column for column in listing.columns if column.shown]


async def _csv(
    listing: Listing, columns: Sequence[Column], person: Person, asked: Asked
) -> AsyncIterator[str]:
    yield _line([column.name for column in columns])
    token, rows = "", 0
    while rows < MAX_CSV_ROWS:
        found = await listing.find(person, Asked(asked.filters, asked.sort, CSV_PAGE_SIZE, token))
        for item in found.items:
            yield _line([_cell(column.value(item)) for column in columns])
        rows, token = rows + len(found.items), found.next_page_token
        if not token:
            return


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _line(cells: Sequence[str]) -> str:
    file = io.StringIO()
    csv.writer(file).writerow(cells)
    return file.getvalue()
