"""Signing in and out, and the language of pages."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from libs.csms.access.sessions import clear_cookie, cookie_given, set_cookie
from libs.csms.web.server import is_loopback

from ..languages import COOKIE, translations
from ..person import Refusal, TheForm, ThePerson, stranger
from ..rendering import page

router = APIRouter()

NEEDS_TLS = "people sign in over TLS only, but for loopback; CSMS_TRUSTED_PROXIES names a proxy that ends TLS"

LANGUAGE_LIFETIME = 365 * 24 * 3600
"""Seconds that a browser remembers the language."""


@router.get("/signin")
async def show_sign_in(request: Request, next: str = "/") -> Response:
    return page(request, "signin.html", next=next, user="", refusal=None)


@router.post("/signin")
async def sign_in(request: Request, form: TheForm) -> Response:
    """The session is one of the user service. Its cookie goes to the browser, and nothing of it stays."""
    next, user = str(form.get("next", "/")), str(form.get("user", ""))
    body = {"user": user, "password": str(form.get("password", ""))}
    if code := str(form.get("oneTimePassword", "")).strip():
        body["oneTimePassword"] = code
    try:
        cookie = await _session_cookie(request, body)
    except Refusal as refusal:
        return page(request, "signin.html", status=refusal.status, next=next, user=user, refusal=refusal)
    response = RedirectResponse(own_path(next), 303)
    response.headers["Set-Cookie"] = set_cookie(cookie, request.url.scheme)
    return response


@router.post("/signout")
async def sign_out(request: Request, person: ThePerson) -> Response:
    await person.user.send("DELETE", "/sessions/current")
    response = RedirectResponse("/signin", 303)
    response.headers["Set-Cookie"] = clear_cookie(request.url.scheme)
    return response


@router.post("/language")
async def choose_language(request: Request, form: TheForm) -> Response:
    response = RedirectResponse(own_path(str(form.get("next", "/"))), 303)
    if (language := str(form.get("language"))) in translations():
        response.set_cookie(COOKIE, language, LANGUAGE_LIFETIME, httponly=True, samesite="lax")
    return response


def own_path(path: str) -> str:
    """The path, or the first page where it would lead elsewhere."""
    is_own = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_own else "/"


async def _session_cookie(request: Request, body: dict[str, str]) -> str:
    """Raises ``Refusal``."""
    if request.url.scheme != "https" and not is_loopback(request.url.hostname or ""):
        raise Refusal(403, {"title": "Forbidden", "detail": NEEDS_TLS})
    answer = await stranger(request).user.answer("POST", "/sessions", body)
    if answer.status_code != 201:
        raise Refusal(answer.status_code, answer.json())
    return cookie_given(answer.headers["Set-Cookie"])
