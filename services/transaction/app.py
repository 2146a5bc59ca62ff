"""Puts the transaction service together."""

from __future__ import annotations

from functools import partial

from libs.csms.authorization import Authorize
from libs.csms.bus import Bus
from libs.csms.clock import Clock
from libs.csms.http import create_app, serve
from libs.csms.lifespan import Service
from libs.csms.settings import Settings
from libs.csms.store import Store

from . import handlers
from .api import api
from .service import Ledger, router

router.load(handlers)


def transaction_service(
    settings: Settings, bus: Bus, store: Store, authorize: Authorize, clock: Clock
) -> Service:
    ledger = Ledger.of(store, authorize, bus, clock)
    app = create_app("Transaction service", api(ledger), settings)
    return Service(
        name=router.service,
        subscriptions=router.subscriptions,
        loops=[
            partial(router.serve, bus, ledger, clock),
            partial(serve, app, settings, settings.transaction_port),
        ],
    )
