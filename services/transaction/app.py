"""Puts the transaction service together."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from libs.csms.clients.authorization import Authorize
from libs.csms.clients.stations import DeviceClient
from libs.csms.clock import Clock
from libs.csms.lifespan import Service
from libs.csms.messaging.bus import Bus
from libs.csms.settings import Settings
from libs.csms.storage.store import Store
from libs.csms.web.app import create_app
from libs.csms.web.server import serve

from . import handlers
from .api import api
from .service import Ledger, router

router.load(handlers)


def transaction_service(
    settings: Settings, bus: Bus, store: Store, authorize: Authorize, stations: DeviceClient, clock: Clock
) -> Service:
    return service_of(ledger_of(settings, bus, store, authorize, clock), stations, settings)


def ledger_of(settings: Settings, bus: Bus, store: Store, authorize: Authorize, clock: Clock) -> Ledger:
    ledger = Ledger.of(store, authorize, bus, clock)
    return replace(ledger, answers_needs=settings.ev_charging_needs == "answered")


def service_of(ledger: Ledger, stations: DeviceClient, settings: Settings) -> Service:
    """The service of a ``Ledger`` that others in this process use too, to check profiles before they go."""
    ledger = replace(ledger, stations=stations)
    app = create_app("Transaction service", api(ledger), settings)
    return Service(
        name=router.service,
        subscriptions=router.subscriptions,
        loops=[
            partial(router.serve, ledger.bus, ledger, ledger.clock),
            partial(serve, app, settings, settings.transaction_port),
        ],
    )
