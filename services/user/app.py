"""Puts the user service together."""

from __future__ import annotations

from functools import partial

from libs.csms.bus import Bus
from libs.csms.clock import Clock
from libs.csms.http import create_app, serve
from libs.csms.lifespan import Service
from libs.csms.settings import Settings
from libs.csms.store import Store

from . import handlers
from .api import api
from .service import User, router

router.load(handlers)


def user_service(settings: Settings, bus: Bus, store: Store, clock: Clock) -> Service:
    return service_of(User.of(store, clock, settings), settings, bus)


def service_of(user: User, settings: Settings, bus: Bus) -> Service:
    """The service of a ``User`` that others in this process use too: transactions call its ``authorize``."""
    app = create_app("User service", api(user), settings)
    return Service(
        name=router.service,
        subscriptions=router.subscriptions,
        loops=[
            partial(router.serve, bus, user, user.clock),
            partial(serve, app, settings, settings.user_port),
        ],
    )
