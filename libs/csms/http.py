"""The HTTP API of a service: its token, errors as problem+json, paging and health."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException

from .settings import Settings
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
