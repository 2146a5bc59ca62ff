"""Lists: one page for all of them, whose address holds its whole state. It searches, filters, sorts, chooses
columns, goes on page by page, and gives the list as CSV.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from markupsafe import Markup

from .live.changes import changes
from .person import Json, Person, ThePerson
from .rendering import page, rendered, url

PAGE_SIZE = 50
CSV_PAGE_SIZE = 1_000
MAX_CSV_ROWS = 100_000

END_OF_ROW = "<!-- end of row -->"
"""In the HTML of several rows. No text of anybody has it, as ``<`` is escaped there."""

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
    kind: str = "text"
    """Type of the input where there are no choices: one of HTML."""


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
    live: bool = False
    """Whether its rows change while one looks at them: ``live/changes.py``. Each has an ``id`` then."""


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

    if listing.live:

        @router.get(f"/stream{listing.path}")
        async def stream(request: Request, person: ThePerson) -> Response:
            return changes(request, person, lambda: Shown.read(request, person, listing))

    return router


async def listing_page(
    request: Request, listing: Listing, person: Person, status: int = 200, **values: Any
) -> Response:
    """Also for a form of the list that was refused: ``values`` are what was typed, and why."""
    shown = await Shown.read(request, person, listing)
    more = {"rows": shown.drawn, "digest": shown.digest} | values
    return page(request, "listing.html", person, status, **shown.values, **more)


@dataclass(frozen=True)
class Shown:
    """One page of a list as somebody sees it."""

    request: Request
    person: Person
    values: Mapping[str, Any]
    """Of its templates."""

    @classmethod
    async def read(cls, request: Request, person: Person, listing: Listing) -> Shown:
        asked = _asked(request, listing)
        values = {
            "listing": listing,
            "columns": _columns(request, listing),
            "asked": asked,
            "found": await listing.find(person, asked),
            "address": _address(request, listing),
            "chosen": request.query_params.get("columns", ""),
        }
        return cls(request, person, values)

    @cached_property
    def rows(self) -> dict[str, str]:
        """The HTML of each, by its ``id`` in the page."""
        listing, found = self.values["listing"], self.values["found"]
        html = rendered(self.request, "listing_rows.html", self.person, **self.values)
        ids = [listing.row_id(item) or str(number) for number, item in enumerate(found.items)]
        return dict(zip(ids, html.split(END_OF_ROW), strict=False))

    @cached_property
    def whole(self) -> str:
        return rendered(self.request, "listing_found.html", self.person, **self.values, rows=self.drawn)

    @property
    def drawn(self) -> Sequence[Markup]:
        return [Markup(row) for row in self.rows.values()]

    @cached_property
    def digest(self) -> str:
        """Of what a person sees: two replicas that show the same have the same."""
        found = self.values["found"]
        seen = [*self.rows.values(), found.next_page_token, str(found.total)]
        return hashlib.sha256("\n".join(seen).encode()).hexdigest()[:16]


def _address(request: Request, listing: Listing) -> Callable[..., str]:
    """Makes the address of the page with some parameters changed; None takes one away."""
    unknown = {"format", "shown"}
    known = {name: value for name, value in request.query_params.items() if name not in unknown}

    def address(before: str = "", **changed: str | None) -> str:
        return url(before + listing.path, **(known | changed))

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
