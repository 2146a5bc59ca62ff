"""Puts the device service together."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from fastapi import FastAPI

from libs.csms.clients.profile_check import CheckProfile, unchecked
from libs.csms.clock import Clock
from libs.csms.lifespan import Service
from libs.csms.messaging.bus import Bus
from libs.csms.settings import Settings
from libs.csms.storage.store import Store
from libs.csms.web.app import create_app
from libs.csms.web.server import serve

from . import handlers
from .api import api
from .commands.api import commands_api
from .commands.api_batches import batches_api
from .commands.open_commands import keep_commands
from .remote.api import remote_api
from .service import Device, router
from .sweep import keep_sweeping

router.load(handlers)


def device_service(
    settings: Settings, bus: Bus, store: Store, clock: Clock, check_profile: CheckProfile = unchecked
) -> Service:
    device = Device.of(store, bus, clock, settings)
    device = replace(device, check_profile=check_profile)
    return service_of(device, app_of(device, settings), settings)


def app_of(device: Device, settings: Settings) -> FastAPI:
    """The API, which the user service uses too: directly, where it is in the same process."""
    paths = api(device)
    paths.include_router(commands_api(device))
    paths.include_router(batches_api(device))
    paths.include_router(remote_api(device))
    return create_app("Device service", paths, settings)


def service_of(device: Device, app: FastAPI, settings: Settings) -> Service:
    """The service of a ``Device`` that others in this process use too: a gateway calls its ``admit``."""
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
