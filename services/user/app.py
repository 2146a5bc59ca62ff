"""Puts the user service together."""

from __future__ import annotations

from functools import partial

from libs.csms.clients.stations import Stations
from libs.csms.clock import Clock
from libs.csms.lifespan import Service
from libs.csms.messaging.bus import Bus
from libs.csms.messaging.middleware import HANDLER_TIMEOUT, time_limit
from libs.csms.settings import Settings
from libs.csms.storage.store import Store
from libs.csms.web.app import create_app
from libs.csms.web.server import serve

from . import handlers
from .api import api
from .local_lists.api import local_lists_api
from .local_lists.keeping import keep_local_lists, keep_token_changes
from .service import User, router

router.load(handlers)


def user_service(settings: Settings, bus: Bus, store: Store, stations: Stations, clock: Clock) -> Service:
    return service_of(User.of(store, clock, settings), stations, settings, bus)


def service_of(user: User, stations: Stations, settings: Settings, bus: Bus) -> Service:
    """The service of a ``User`` that others in this process use too: transactions call its ``authorize``."""
    paths = api(user)
    paths.include_router(local_lists_api(user, stations))
    app = create_app("User service", paths, settings)
    return Service(
        name=router.service,
        subscriptions=router.subscriptions,
        loops=[
            partial(router.serve, bus, user, user.clock, [time_limit(HANDLER_TIMEOUT)]),
            partial(keep_local_lists, user, stations),
            partial(keep_token_changes, user),
        ],
        serve=partial(serve, app),
    )
