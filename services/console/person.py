"""The REST of the other services, asked as the person whose browser is served. Only this module knows what of
a request of a browser goes on to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Annotated, Any

import httpx
import orjson
from fastapi import Depends, Request
from starlette.datastructures import FormData, Headers

from libs.csms.access.sessions import CSRF_HEADER, cookie_in, shown_cookie

if TYPE_CHECKING:
    from .fleet import Fleet

Json = dict[str, Any]
Parameter = str | int | float | bool | None

FORWARDED = ("X-Goog-IAP-JWT-Assertion", "Accept-Language")
"""Headers of the browser, or of the proxy before it, that say who asks."""

TIMEOUT = 75.0
"""Seconds. A command may be waited for a minute."""


class Refusal(Exception):
    """A service did not do what it was asked for."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(problem.get("detail", ""))
        self.status = status
        self.problem = problem
        """As RFC 9457 has it: ``title``, ``detail`` and what else the service has said."""

    @property
    def detail(self) -> str:
        return str(self.problem.get("detail") or self.problem.get("title") or self.status)


class NotSignedIn(Exception):
    """The browser shows no session that counts."""


@dataclass(frozen=True)
class Apis:
    """Clients of the other services. They keep no cookies: every request shows those of its own person."""

    device: httpx.AsyncClient
    transaction: httpx.AsyncClient
    user: httpx.AsyncClient

    def __post_init__(self) -> None:
        for client in (self.device, self.transaction, self.user):
            client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))


@dataclass(frozen=True)
class Api:
    """One service, asked as one person. All raise ``Refusal``, and ``NotSignedIn`` for a 401."""

    client: httpx.AsyncClient
    headers: Mapping[str, str]

    async def get(self, path: str, **parameters: Parameter) -> Any:
        """Parameters are in camelCase, as in the REST; those that are None or empty are left out."""
        return _content(await self._request("GET", path, parameters))

    async def send(
        self, method: str, path: str, body: Any = None, *, key: str = "", **parameters: Parameter
    ) -> Any:
        """What is not read only. ``key`` is the Idempotency-Key. A body of bytes is JSON already."""
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        content = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        return _content(await self._request(method, path, parameters, content, headers))

    async def answer(self, method: str, path: str, body: Any) -> httpx.Response:
        """The response itself, whatever its status, for who needs its headers. Raises ``Refusal`` if there is
        none.
        """
        headers = {"Content-Type": "application/json"}
        return await self._request(method, path, {}, orjson.dumps(body), headers)

    async def _request(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, Parameter],
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        given = {
            name: _text(value) for name, value in parameters.items() if value is not None and value != ""
        }
        try:
            return await self.client.request(
                method,
                path,
                params=given,
                content=content,
                headers={**self.headers, **(headers or {})},
                timeout=TIMEOUT,
            )
        except httpx.HTTPError as error:
            detail = f"a service of the CSMS does not answer ({type(error).__name__}): try again"
            raise Refusal(503, {"title": "Service Unavailable", "detail": detail}) from error


def console_itself(client: httpx.AsyncClient) -> Api:
    """A service as the console asks it in its own name, which the client shows."""
    return Api(client, {})


@dataclass(frozen=True)
class Person:
    """Who looks at a page, and the services as they answer him."""

    device: Api
    transaction: Api
    user: Api
    fleet: Fleet
    """All stations, of which he sees those that he may see."""
    me: Json = field(default_factory=dict)
    """``GET /me``: ``id``, ``kind``, ``scopes``, ``groups`` where he is bound to some, ``csrfToken``."""

    def may(self, *scopes: str) -> bool:
        """Whether he has all of these scopes. What he may do is decided by the services, and not here."""
        return set(scopes) <= set(self.me.get("scopes", ()))

    @property
    def csrf_token(self) -> str:
        return str(self.me.get("csrfToken") or "")


def stranger(request: Request, csrf_token: str = "") -> Person:
    """The services for a request of which nobody knows yet whose it is."""
    apis: Apis = request.app.state.apis
    headers = _headers(request, csrf_token)
    device, transaction, user = (
        Api(client, headers | _host(client, request)) for client in (apis.device, apis.transaction, apis.user)
    )
    return Person(device, transaction, user, request.app.state.fleet)


async def person_of(request: Request) -> Person:
    """Raises ``NotSignedIn``. A form shows the CSRF token of the session, which the services check."""
    form = await form_of(request)
    unknown = stranger(request, str(form.get("csrf", request.headers.get(CSRF_HEADER, ""))))
    me = await unknown.user.get("/me")
    return replace(unknown, me=me)


ThePerson = Annotated[Person, Depends(person_of)]


async def form_of(request: Request) -> FormData:
    """The fields of the form that was sent; none where none was. Files are not taken."""
    if (
        request.headers.get("Content-Type", "").partition(";")[0].strip()
        != "application/x-www-form-urlencoded"
    ):
        return FormData()
    return await request.form(max_files=0, max_fields=10_000)


TheForm = Annotated[FormData, Depends(form_of)]


def _headers(request: Request, csrf_token: str) -> dict[str, str]:
    headers = {name: request.headers[name] for name in FORWARDED if name in request.headers}
    if request.client is not None:
        headers["X-Forwarded-For"] = request.client.host
    if csrf_token:
        headers[CSRF_HEADER] = csrf_token
    return headers


def _host(client: httpx.AsyncClient, request: Request) -> dict[str, str]:
    """As a reverse proxy has it: over plain HTTP the service sees the host that the browser asked for, and so
    knows whether a password has left the machine. Over TLS the name is the service's own.
    """
    scheme = client.base_url.scheme
    headers = Headers(scope=request.scope)
    cookie = cookie_in(headers, request.url.scheme)
    if cookie is not None:
        shown = {"Cookie": shown_cookie(cookie, scheme)}
    else:  # a bearer would go first, and may be that of a proxy
        shown = {name: headers[name] for name in ("Authorization",) if name in headers}
    return shown | ({"Host": headers.get("Host", "localhost")} if scheme == "http" else {})


def _content(response: httpx.Response) -> Any:
    if response.status_code == 401:
        raise NotSignedIn
    if response.is_error:
        raise Refusal(response.status_code, _problem(response))
    return orjson.loads(response.content) if response.content else None


def _problem(response: httpx.Response) -> Json:
    try:
        found = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        found = None
    return found if isinstance(found, dict) else {"title": response.reason_phrase, "detail": ""}


def _text(value: Parameter) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
