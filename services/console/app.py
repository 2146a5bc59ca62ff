"""The process of the console: its pages, and the HTTP server."""

from __future__ import annotations

import pkgutil
from functools import partial
from importlib import import_module

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from libs.csms.lifespan import Service
from libs.csms.messaging.bus import Bus
from libs.csms.settings import Settings
from libs.csms.web.documentation import documentation
from libs.csms.web.guard import BodyGuard, Guard
from libs.csms.web.server import serve

from . import pages
from .browser_code import BrowserCode
from .fleet import Fleet
from .live.feed import Feed
from .operations import OperationForms
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


def console_app(settings: Settings, apis: Apis, fleet: Fleet, feed: Feed) -> FastAPI:
    app = _Guarded(settings)
    app.state.feed = feed
    app.state.settings = settings
    app.state.apis = apis
    app.state.fleet = fleet
    app.state.operations = OperationForms()
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


def console_service(settings: Settings, bus: Bus, apis: Apis, fleet: Fleet) -> Service:
    feed = Feed(bus)
    app = console_app(settings, apis, fleet, feed)
    return Service("console", subscriptions=(), loops=[feed.run], serve=partial(serve, app, settings))
