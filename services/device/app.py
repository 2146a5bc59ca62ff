"""The process of the device service: its handlers, its loops and its HTTP server."""

from __future__ import annotations

from functools import partial

from fastapi import FastAPI

from libs.csms.access.keys import Keys
from libs.csms.access.sessions import Sessions
from libs.csms.audit.trail import Trail
from libs.csms.clock import Clock
from libs.csms.lifespan import Service
from libs.csms.messaging.bus import Bus
from libs.csms.messaging.middleware import HANDLER_TIMEOUT, time_limit
from libs.csms.messaging.router import Router
from libs.csms.settings import Settings
from libs.csms.storage.store import Store
from libs.csms.web.app import create_app
from libs.csms.web.server import serve

from .api import device_api
from .commands import handlers as commands_handlers
from .commands import service as commands
from .commands.delivery import receive_ends
from .commands.scheduler import keep_scheduling
from .connectivity import handlers as connectivity_handlers
from .connectivity import service as connectivity
from .connectivity.available_connectors import AvailableConnectors
from .connectivity.gateway_liveness import GatewayLiveness
from .deviations import handlers as deviations_handlers
from .deviations import service as deviations
from .device_model import handlers as device_model_handlers
from .device_model import service as device_model
from .jobs import handlers as jobs_handlers
from .jobs import service as jobs
from .messages import handlers as messages_handlers
from .messages import service as messages
from .onboarding import handlers as onboarding_handlers
from .onboarding import service as onboarding
from .security import handlers as security_handlers
from .security import service as security
from .service import Device
from .smart_charging import handlers as smart_charging_handlers
from .smart_charging import service as smart_charging

router: Router[Device] = Router("device")
"""Of an event that several packages consume, the handlers are called in this order."""
router.include(connectivity.router.load(connectivity_handlers), lambda device: device.connectivity)
router.include(messages.router.load(messages_handlers), lambda device: device.messages)
router.include(deviations.router.load(deviations_handlers), lambda device: device.deviations)
router.include(security.router.load(security_handlers), lambda device: device.security)
router.include(device_model.router.load(device_model_handlers), lambda device: device.device_model)
router.include(jobs.router.load(jobs_handlers), lambda device: device.jobs)
router.include(commands.router.load(commands_handlers), lambda device: device.commands)
router.include(smart_charging.router.load(smart_charging_handlers), lambda device: device.smart_charging)
router.include(onboarding.router.load(onboarding_handlers), lambda device: device.onboardings)


def device_service(
    settings: Settings, bus: Bus, store: Store, clock: Clock, trail: Trail | None = None
) -> Service:
    device = Device.of(store, bus, clock, settings)
    keys, sessions = Keys.of(store, clock), Sessions.of(store, clock)
    return service_of(device, app_of(device, settings, keys, sessions, trail), settings)


def app_of(
    device: Device, settings: Settings, keys: Keys, sessions: Sessions, trail: Trail | None = None
) -> FastAPI:
    """The API, which the user service uses too: directly, where it is in the same process."""
    return create_app(
        "Device service",
        device_api(device),
        settings,
        keys=keys,
        sessions=sessions,
        stations=device.registry,
        trail=trail,
    )


def service_of(device: Device, app: FastAPI, settings: Settings) -> Service:
    """The service of a ``Device`` that others in this process use too: a gateway is admitted by it."""
    liveness = GatewayLiveness(device.connectivity, device.bus)
    return Service(
        name=router.service,
        subscriptions=router.subscriptions,
        loops=[
            partial(router.serve, device.bus, device, device.clock, [time_limit(HANDLER_TIMEOUT)]),
            liveness.keep_listening,
            liveness.keep_checking,
            AvailableConnectors(device.connectivity, device.bus).keep_publishing,
            partial(receive_ends, device.commands),
            device.token_check.keep_receiving,
            partial(keep_scheduling, device.commands),
            device.onboardings.keep_following_up,
            device.smart_charging.negotiations.keep_offering,
            device.registry.keep_resuming_deletions,
        ],
        serve=partial(serve, app, settings),
    )
