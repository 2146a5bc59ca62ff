"""The HTTP API of a service: what stands before it, its problems and its health."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse
from pydantic import ConfigDict
from pydantic.alias_generators import to_camel
from starlette.types import ASGIApp

from ..access.identity import Identity
from ..access.keys import Keys
from ..access.routes import SCHEME, MaySee
from ..access.service_keys import accepted_keys
from ..access.sessions import Sessions
from ..access.token_callers import IdentityTokens
from ..audit.requests import Recorder, Refusals
from ..audit.trail import Trail
from ..clock import utc_now
from ..settings import Settings
from ..storage.store import Document
from .documentation import documentation
from .guard import BodyGuard, Guard
from .problems import ProblemDetails, answer_problems, problem


class Body(Document):
    """A request body: fields that it does not have are refused."""

    model_config = ConfigDict(extra="forbid")


BEARER = "A key, an identity token of `CSMS_OIDC_ISSUER`, or `CSMS_API_TOKEN`."

_PROBLEM = {
    "description": "What is wrong, in the caller's terms.",
    "content": {"application/problem+json": {"schema": ProblemDetails.model_json_schema()}},
}


class _Guarded(FastAPI):
    """All of it is behind guard and identity: also what answers failures."""

    def __init__(
        self,
        settings: Settings,
        keys: Keys | None,
        sessions: Sessions | None,
        trail: Trail | None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._settings = settings
        self._keys = keys
        self._sessions = sessions
        self._trail = trail
        self._service_keys = accepted_keys(settings)
        self._tokens = IdentityTokens.of(settings, utc_now)

    def build_middleware_stack(self) -> ASGIApp:
        settings = self._settings
        known: ASGIApp = BodyGuard(super().build_middleware_stack(), settings)
        if self._trail is not None:
            known = Recorder(known, self._trail, self.title)
        identity = Identity(
            known,
            settings,
            self._keys,
            self._service_keys,
            tokens=self._tokens,
            sessions=self._sessions,
        )
        if self._trail is None:
            return Guard(identity, settings)
        return Guard(identity, settings, refused=Refusals(self._trail, self.title))

    def openapi(self) -> dict[str, Any]:
        """With the scheme of which the scopes of all paths are."""
        description = super().openapi()
        schemes = description.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes[SCHEME] = {"type": "http", "scheme": "bearer", "description": BEARER}
        return description


def create_app(
    title: str,
    router: APIRouter,
    settings: Settings,
    ready: Callable[[], bool] = lambda: True,
    *,
    keys: Keys | None = None,
    sessions: Sessions | None = None,
    may_see: MaySee | None = None,
    trail: Trail | None = None,
) -> FastAPI:
    """The API of one service. ``keys`` and ``sessions`` are those that callers may show; ``may_see`` says
    which stations a caller may see who is bound to groups, in a service that knows their groups. ``trail`` is
    where acts are written down before they happen.
    """
    app = _Guarded(
        settings,
        keys,
        sessions,
        trail,
        title=title,
        version="1",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: to_camel(route.name),
    )
    errors: dict[int | str, dict[str, Any]] = {"4XX": _PROBLEM, "5XX": _PROBLEM}
    app.state.may_see = may_see
    app.include_router(router, responses=errors)
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
