"""Puts the device service together."""

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
from .commands.api import commands_api
from .commands.api_batches import batches_api
from .commands.open_commands import keep_commands
from .service import Device, router
from .sweep import keep_sweeping

router.load(handlers)


def device_service(settings: Settings, bus: Bus, store: Store, clock: Clock) -> Service:
    return service_of(Device.of(store, bus, clock, settings), settings)


def service_of(device: Device, settings: Settings) -> Service:
    """The service of a ``Device`` that others in this process use too: a gateway calls its ``admit``."""
    paths = api(device)
    paths.include_router(commands_api(device))
    paths.include_router(batches_api(device))
    app = create_app("Device service", paths, settings)
    return Service(
        name=router.service,
        subscriptions=router.subscriptions,
        loops=[
            partial(router.serve, device.bus, device, device.clock),
            partial(keep_sweeping, device),
            partial(keep_commands, device),
            partial(serve, app, settings, settings.device_port),
        ],
    )
