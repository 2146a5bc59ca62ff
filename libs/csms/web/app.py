"""The HTTP API of a service: its token, its problems and its health."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from pydantic import ConfigDict
from pydantic.alias_generators import to_camel
from starlette.types import ASGIApp

from ..settings import Settings
from ..storage.store import Document
from .documentation import documentation
from .guard import Guard
from .problems import ProblemDetails, answer_problems, problem


class Body(Document):
    """A request body: fields that it does not have are refused."""

    model_config = ConfigDict(extra="forbid")


_PROBLEM = {
    "description": "What is wrong, in the caller's terms.",
    "content": {"application/problem+json": {"schema": ProblemDetails.model_json_schema()}},
}


class _Guarded(FastAPI):
    """All of it is behind the guard: also what answers failures."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        super().__init__(**options)
        self._settings = settings

    def build_middleware_stack(self) -> ASGIApp:
        return Guard(super().build_middleware_stack(), self._settings)


def create_app(
    title: str, router: APIRouter, settings: Settings, ready: Callable[[], bool] = lambda: True
) -> FastAPI:
    """The API of one service. All but health and ``/docs`` needs the token, if one is set."""
    app = _Guarded(
        settings,
        title=title,
        version="1",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: to_camel(route.name),
    )
    errors: dict[int | str, dict[str, Any]] = {"4XX": _PROBLEM, "5XX": _PROBLEM}
    # The guard has looked at the token already; this one only says in OpenAPI that there is one.
    declared = [Depends(HTTPBearer(auto_error=False))] if settings.api_token else []
    app.include_router(router, dependencies=declared, responses=errors)
    app.include_router(documentation(title))

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
