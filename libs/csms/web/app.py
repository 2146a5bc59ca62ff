"""The HTTP API of a service: its token, its problems and its health."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import ConfigDict
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException

from ..settings import Settings
from ..storage.store import Document
from .problems import ProblemDetails, answer_problems, problem


class Body(Document):
    """A request body: fields that it does not have are refused."""

    model_config = ConfigDict(extra="forbid")


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

    answer_problems(app)
    return app


def _authenticator(settings: Settings) -> Callable[..., None]:
    token = settings.api_token
    if token is None:
        return lambda: None

    def authenticate(
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
    ) -> None:
        given = credentials.credentials.encode() if credentials else b""
        if not hmac.compare_digest(given, token.get_secret_value().encode()):
            raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})

    return authenticate
