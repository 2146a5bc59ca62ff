"""Puts the transaction service together."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

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
    keys: Keys | None = None,
    sessions: Sessions | None = None,
    stations: StationGroups | None = None,
    trail: Trail | None = None,
) -> Service:
    """``keys`` and ``sessions`` are those of the process, where others use them too. Without ``stations``,
    callers who are bound to groups see no transaction.
    """
    delay = timedelta(seconds=settings.missing_events_delay)
    deps = TransactionService.of(store, authorize, bus, clock, delay, DailyLimits.of(settings))
    app = create_app(
        "Transaction service",
        api(deps),
        settings,
        keys=keys or Keys.of(store, clock),
        sessions=sessions or Sessions.of(store, clock),
        stations=stations,
        trail=trail,
    )
    return Service(
        name=router.service,
        subscriptions=router.subscriptions,
        loops=[
            partial(router.serve, bus, deps, clock, [time_limit(HANDLER_TIMEOUT)]),
            partial(keep_asking_for_events, deps),
        ],
        serve=partial(serve, app, settings),
    )
