"""The API of events beside the pages of the console. Who its callers are, it asks the user service."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as ScopeOfAsgi

from libs.csms.access.callers import CALLER, Caller
from libs.csms.access.groups import StationGroups
from libs.csms.access.scopes import Scope
from libs.csms.clock import Clock
from libs.csms.settings import Settings
from libs.csms.web.app import create_app
from libs.csms.web.problems import problem

from ..person import Json, NotSignedIn, Refusal, person_of
from .feed import Feed
from .groups import CachedGroups
from .stream_api import stream_api


def events_api(settings: Settings, feed: Feed, stations: StationGroups, clock: Clock) -> FastAPI:
    """``stations`` is asked for the groups of stations, by the console in its own name."""
    groups = CachedGroups(stations)
    return create_app("Events", stream_api(feed, groups, clock), settings, stations=groups)


class KnownCallers:
    """An ASGI application around such an API: who asks, the user service knows by ``GET /me``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: ScopeOfAsgi, receive: Receive, send: Send) -> None:
        try:
            person = await person_of(Request(scope, receive))
        except NotSignedIn:
            refused = problem(401, "a key or a session is needed", {"WWW-Authenticate": "Bearer"})
            await refused(scope, receive, send)
        except Refusal as refusal:
            await problem(refusal.status, refusal.detail)(scope, receive, send)
        else:
            await self._app({**scope, CALLER: caller_of(person.me)}, receive, send)


def caller_of(me: Json) -> Caller:
    """Whom ``GET /me`` describes. Scopes that this release does not know mean nothing."""
    scopes = frozenset(Scope(one) for one in me["scopes"] if one in set(Scope))
    groups = me.get("groups")
    return Caller(me["id"], "person", scopes, None if groups is None else frozenset(groups))
