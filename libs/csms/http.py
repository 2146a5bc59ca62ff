"""The HTTP API of a service: its token, errors as problem+json, paging, health, and the server itself."""

from __future__ import annotations

import hmac
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from ipaddress import ip_address
from typing import Annotated, Any, Generic, TypeVar

import httpx
import uvicorn
from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException

from .settings import BadSetting, Settings
from .store import BadPageToken, Document, NotStored, Page

Item = TypeVar("Item", bound=Document)


class Problem(Exception):
    """An error in the caller's terms, answered as RFC 9457 problem+json with ``extra`` as further members."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.extra = extra


class Body(Document):
    """A request body: fields that it does not have are refused."""

    model_config = ConfigDict(extra="forbid")


class PageOf(Document, Generic[Item]):
    """A page of a list. ``nextPageToken`` is absent on the last one."""

    items: Sequence[Item]
    next_page_token: str | None = None


PageSize = Annotated[int, Query(alias="pageSize", ge=1, le=1000, description="Items in a page.")]
PageToken = Annotated[str, Query(alias="pageToken", description="The nextPageToken of the page before.")]


def page_of(page: Page[Item]) -> PageOf[Item]:
    return PageOf(items=page.items, next_page_token=page.next_page_token or None)


class ProblemDetails(BaseModel):
    """RFC 9457. Other members depend on the problem."""

    model_config = ConfigDict(extra="allow")

    title: str
    status: int
    detail: str


_PROBLEM = {
    "description": "What is wrong, in the caller's terms.",
    "content": {"application/problem+json": {"schema": ProblemDetails.model_json_schema()}},
}


def create_app(
    title: str, router: APIRouter, settings: Settings, ready: Callable[[], bool] = lambda: True
) -> FastAPI:
    """The API of one service. All but health and ``/docs`` needs the token, if one is set."""
    app = FastAPI(
        title=title, version="1", redoc_url=None, generate_unique_id_function=lambda r: to_camel(r.name)
    )
    errors: dict[int | str, dict[str, Any]] = {"4XX": _PROBLEM, "5XX": _PROBLEM}
    app.include_router(router, dependencies=[Depends(_authenticator(settings))], responses=errors)

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        if ready():
            return JSONResponse({"status": "ready"})
        return problem(503, "not ready yet")

    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(BadPageToken, _on_bad_page_token)
    app.add_exception_handler(NotStored, _on_not_stored)
    app.add_exception_handler(Exception, _on_bug)
    return app


def problem(status: int, detail: str, headers: dict[str, str] | None = None, **extra: Any) -> JSONResponse:
    content = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail, **extra}
    return JSONResponse(content, status, headers, media_type="application/problem+json")


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem(error.status, error.detail, error.headers, **error.extra)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers) if error.headers else None
    return problem(error.status_code, str(error.detail), headers)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [{"at": ".".join(map(str, one["loc"])), "detail": one["msg"]} for one in error.errors()]
    return problem(422, "; ".join(f"{one['at']}: {one['detail']}" for one in errors), errors=errors)


async def _on_bad_page_token(request: Request, error: Exception) -> Response:
    return problem(422, "pageToken: not a token of this list")


async def _on_not_stored(request: Request, error: Exception) -> Response:
    return problem(503, "the store cannot take this write now; try again", {"Retry-After": "1"})


async def _on_bug(request: Request, error: Exception) -> Response:
    return problem(500, "the service failed; its log says how")


def _authenticator(settings: Settings) -> Callable[..., None]:
    token = settings.api_token
    if token is None:
        return lambda: None

    def authenticate(
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
    ) -> None:
        given = credentials.credentials.encode() if credentials else b""
        if not hmac.compare_digest(given, token.get_secret_value().encode()):
            raise Problem(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})

    return authenticate


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are for ``libs.csms.lifespan``, once for the whole process."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """Listens from now on. Raises ``BadSetting`` if the address is taken or none of this machine."""
    try:
        return socket.create_server((host, port), backlog=1024)
    except OSError as error:
        raise BadSetting(f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}") from error


async def serve(app: FastAPI, settings: Settings, port: int) -> None:
    """Serve until cancelled, then finish what is being answered.

    Raises ``BadSetting`` in its first step, also where other machines could use the API without a token.
    """
    if settings.api_token is None and not is_loopback(settings.host):
        raise BadSetting(
            f"CSMS_HOST={settings.host} needs CSMS_API_TOKEN: an API without one is for loopback"
        )
    listener = bind(settings.host, port)
    server = _Server(
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=3)
    )
    try:
        await server.serve(sockets=[listener])
    finally:
        if server.started and not server.should_exit:
            await server.shutdown(sockets=[listener])
        listener.close()


def inside(app: FastAPI, settings: Settings) -> httpx.AsyncClient:
    """A client of an API of this process, which reaches it without a socket."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://inside", headers=bearer(settings))


def bearer(settings: Settings) -> dict[str, str]:
    """The headers with which services ask each other."""
    token = settings.api_token
    return {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
