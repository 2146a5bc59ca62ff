"""Errors as RFC 9457 problem+json: one table from what is wrong to the HTTP status."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from ..errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    NoAnswer,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from ..storage.store import BadPageToken, NotStored

STATUSES: dict[type[DomainError], HTTPStatus] = {
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    NoAnswer: HTTPStatus.GATEWAY_TIMEOUT,
}
"""Also of what derives from these."""


class ProblemDetails(BaseModel):
    """RFC 9457. Other members depend on the problem."""

    model_config = ConfigDict(extra="allow")

    title: str = Field(description="The HTTP status in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong, and where, in the terms of the request.")


def problem(status: int, detail: str, headers: dict[str, str] | None = None, **members: Any) -> JSONResponse:
    content = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail, **members}
    return JSONResponse(content, status, headers, media_type="application/problem+json")


def answer_problems(app: FastAPI) -> None:
    """Every error that an endpoint raises is answered as a problem."""
    app.add_exception_handler(DomainError, _domain_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(BadPageToken, _bad_page_token)
    app.add_exception_handler(NotStored, _not_stored)
    app.add_exception_handler(Exception, _bug)


def problem_of(error: DomainError) -> JSONResponse:
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
    if error.location is not None:
        headers["Location"] = error.location
    return problem(status, error.detail, headers, **error.members)


async def _domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    return problem_of(error)


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers) if error.headers else None
    return problem(error.status_code, str(error.detail), headers)


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [{"at": ".".join(map(str, one["loc"])), "detail": one["msg"]} for one in error.errors()]
    return problem(422, "; ".join(f"{one['at']}: {one['detail']}" for one in errors), errors=errors)


async def _bad_page_token(request: Request, error: Exception) -> Response:
    return problem(422, "pageToken: not a token of this list")


async def _not_stored(request: Request, error: Exception) -> Response:
    return problem(503, "the store cannot take this write now; try again", {"Retry-After": "1"})


async def _bug(request: Request, error: Exception) -> Response:
    return problem(500, "the service failed; its log says how")
