"""Puts the transaction service together."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from fastapi import FastAPI

from libs.csms.access.groups import StationGroups
from libs.csms.access.keys import Keys
from libs.csms.access.sessions import Sessions
from libs.csms.audit.trail import Trail
from libs.csms.clients.authorization import Authorize
from libs.csms.clock import Clock
from libs.csms.lifespan import Service
from libs.csms.messaging.bus import Bus
from libs.csms.messaging.middleware import HANDLER_TIMEOUT, time_limit
from libs.csms.settings import Settings
from libs.csms.station_messages.quota import DailyLimits
from libs.csms.storage.store import Store
from libs.csms.web.app import create_app
from libs.csms.web.server import serve

from . import handlers
from .api import api
from .gaps import keep_asking_for_events
from .service import TransactionService, router

router.load(handlers)


def transaction_service(
    settings: Settings,
    bus: Bus,
    store: Store,
    authorize: Authorize,
    clock: Clock,
    stations: StationGroups | None = None,
    trail: Trail | None = None,
) -> Service:
    """In a process of its own."""
    transactions = of_store(settings, bus, store, authorize, clock)
    keys, sessions = Keys.of(store, clock), Sessions.of(store, clock)
    app = app_of(transactions, settings, keys, sessions, stations, trail)
    return service_of(transactions, app, settings, bus)


def of_store(
    settings: Settings, bus: Bus, store: Store, authorize: Authorize, clock: Clock
) -> TransactionService:
    delay = timedelta(seconds=settings.missing_events_delay)
    return TransactionService.of(store, authorize, bus, clock, delay, DailyLimits.of(settings))


def app_of(
    transactions: TransactionService,
    settings: Settings,
    keys: Keys,
    sessions: Sessions,
    stations: StationGroups | None = None,
    trail: Trail | None = None,
) -> FastAPI:
    """Without ``stations``, callers who are bound to groups see no transaction."""
    return create_app(
        "Transaction service",
        api(transactions),
        settings,
        keys=keys,
        sessions=sessions,
        stations=stations,
        trail=trail,
    )


def service_of(deps: TransactionService, app: FastAPI, settings: Settings, bus: Bus) -> Service:
    """The service of an API that others in this process use too."""
    return Service(
        name=router.service,
        subscriptions=router.subscriptions,
        loops=[
            partial(router.serve, bus, deps, deps.clock, [time_limit(HANDLER_TIMEOUT)]),
            partial(keep_asking_for_events, deps),
        ],
        serve=partial(serve, app, settings),
    )
