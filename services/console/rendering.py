"""Pages from templates: what every template can use, and how problems are shown."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.exceptions import HTTPException

from .browser_code import BrowserCode
from .forms.exact_json import pretty
from .languages import language_of, translations
from .person import NotSignedIn, Person, Refusal

TEMPLATES = Path(__file__).parent / "templates"

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'"
)
"""Content-Security-Policy of every page: no script, style or picture from elsewhere or inside a page."""


HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",  # with none at all, browsers name no origin where a form is sent
    "Vary": "HX-Request, Cookie, Accept-Language",
}


class Link(NamedTuple):
    """One entry of the navigation."""

    path: str
    title: str
    icon: str
    scopes: tuple[str, ...]
    """Without which there is nothing to see."""


NAVIGATION = (
    Link("/", "Overview", "speedometer2", ("stations:read",)),
    Link("/map", "Map", "map", ("stations:read",)),
    Link("/stations", "Stations", "ev-station", ("stations:read",)),
    Link("/door", "Door", "door-open", ("stations:read",)),
    Link("/transactions", "Transactions", "lightning-charge", ("transactions:read",)),
    Link("/tokens", "Tokens", "credit-card-2-front", ("tokens:masked",)),
    Link("/reservations", "Reservations", "calendar-check", ("reservations:read",)),
    Link("/locallists", "Local lists", "card-checklist", ("locallists:read",)),
    Link("/commands", "Commands", "terminal", ("commands:read",)),
    Link("/deadletters", "Dead letters", "envelope-x", ("deadletters:read",)),
    Link("/people", "People and keys", "people", ("users:write",)),
    Link("/audit", "Audit", "journal-check", ("audit:read",)),
    Link("/settings", "Settings", "gear", ("stations:read",)),
)


def page(
    request: Request, template: str, person: Person | None = None, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page, or the part of one, in the language of the browser."""
    return HTMLResponse(rendered(request, template, person, **values), status, HEADERS)


def rendered(request: Request, template: str, person: Person | None = None, **values: Any) -> str:
    language = language_of(request)
    return (
        _environment(request.app.state.code, language)
        .get_template(template)
        .render(
            request=request,
            language=language,
            person=person,
            me=person.me if person is not None else {},
            csrf=person.csrf_token if person is not None else "",
            navigation=[link for link in NAVIGATION if person is not None and person.may(*link.scopes)],
            is_fragment=is_fragment(request),
            **values,
        )
    )


def is_fragment(request: Request) -> bool:
    """Whether script on a page asks, to put the answer into that page."""
    return "HX-Request" in request.headers and "HX-Boosted" not in request.headers


def seen_other(request: Request, path: str) -> Response:
    """After a form was accepted: the browser goes on to that page, and a reload sends nothing again."""
    if is_fragment(request):
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, 303)


def show_problems(app: FastAPI) -> None:
    app.add_exception_handler(NotSignedIn, _not_signed_in)
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(HTTPException, _http_exception)


def url(path: str, **parameters: object) -> str:
    """With the parameters that have a value."""
    given = {name: str(value) for name, value in parameters.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


def segment(text: object) -> str:
    """A part of a path, with whatever is in it."""
    return quote(str(text), safe="")


async def _not_signed_in(request: Request, error: Exception) -> Response:
    where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    to = url("/signin", next=where if request.method == "GET" and where != "/" else None)
    if "HX-Request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": to})
    return RedirectResponse(to, 303)


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return page(request, "problem.html", status=error.status, refusal=error)


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refusal = Refusal(error.status_code, {"detail": error.detail})
    return page(request, "problem.html", status=error.status_code, refusal=refusal)


@cache
def _environment(code: BrowserCode, language: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.install_gettext_translations(translations()[language], newstyle=True)  # type: ignore[attr-defined]
    made.filters |= {"time": time, "energy": energy, "segment": segment, "words": words, "pretty": pretty}
    made.globals |= {"asset": code.url, "icon": lambda name: Markup(code.icon(name)), "url": url}
    return made


def time(value: str | datetime | None) -> Markup:
    """A moment: in UTC, which script turns into the zone of the person. An en dash for none."""
    if not value:
        return Markup("–")
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    moment = at.isoformat().replace("+00:00", "Z")
    return Markup('<time datetime="{}" title="{}">{:%Y-%m-%d %H:%M:%S}</time>').format(moment, moment, at)


def energy(wh: str | int | float | None) -> str:
    """Wh as kWh."""
    return "–" if wh is None else f"{float(wh) / 1000:.3f} kWh"


def words(name: str) -> str:
    """An identifier of a JSON body in words: ``tooManyAttempts`` is "too many attempts"."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
