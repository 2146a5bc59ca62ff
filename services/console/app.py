"""The process of the console: its pages, and the HTTP server."""

from __future__ import annotations

import pkgutil
from functools import partial
from importlib import import_module

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp

from libs.csms.access.groups import StationGroups
from libs.csms.clock import utc_now
from libs.csms.lifespan import Service
from libs.csms.settings import Settings
from libs.csms.web.documentation import documentation
from libs.csms.web.guard import BodyGuard, Guard
from libs.csms.web.server import serve

from . import pages
from .browser_code import BrowserCode
from .fleet import Fleet
from .live.app import KnownCallers, events_api
from .live.feed import Feed
from .operation_forms import OperationForms
from .person import Apis
from .rendering import show_problems

FORM = "application/x-www-form-urlencoded"

MIN_ZIPPED_BYTES = 500


class _Guarded(FastAPI):
    """All of it is behind the guard. Who somebody is, and what he may do, find out the services it asks."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(title="Console", version="1", docs_url=None, redoc_url=None)
        self._settings = settings

    def build_middleware_stack(self) -> ASGIApp:
        zipped = GZipMiddleware(super().build_middleware_stack(), minimum_size=MIN_ZIPPED_BYTES)
        return Guard(BodyGuard(zipped, self._settings, FORM), self._settings)


def console_app(settings: Settings, apis: Apis, fleet: Fleet, feed: Feed, stations: StationGroups) -> FastAPI:
    """Beside its pages it has one public API, of events, which ``/openapi.json`` describes."""
    app = _Guarded(settings)
    events = events_api(settings, feed, stations, utc_now)
    app.router.routes.append(Route("/events/stream", KnownCallers(events)))
    app.openapi = events.openapi  # type: ignore[method-assign]
    app.state.settings = settings
    app.state.apis = apis
    app.state.fleet = fleet
    app.state.operation_forms = OperationForms()
    app.state.feed = feed
    app.state.code = BrowserCode()
    app.include_router(app.state.code.api(), include_in_schema=False)
    app.include_router(documentation("Console"))
    for module in sorted(each.name for each in pkgutil.iter_modules(pages.__path__, f"{pages.__name__}.")):
        app.include_router(import_module(module).router, include_in_schema=False)

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        return JSONResponse({"status": "ready"})

    show_problems(app)
    return app


def console_service(
    settings: Settings, apis: Apis, fleet: Fleet, feed: Feed, stations: StationGroups
) -> Service:
    app = console_app(settings, apis, fleet, feed, stations)
    return Service("console", subscriptions=(), loops=[feed.run], serve=partial(serve, app, settings))
