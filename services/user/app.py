"""Puts the user service together."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, FastAPI

from libs.csms.access.groups import StationGroups
from libs.csms.access.routes import ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.clients.groups import GroupOfStation
from libs.csms.clients.stations import DeviceClient
from libs.csms.clock import Clock
from libs.csms.lifespan import Service
from libs.csms.messaging.bus import Bus
from libs.csms.messaging.middleware import HANDLER_TIMEOUT, time_limit
from libs.csms.settings import Settings
from libs.csms.station_messages.api import messages_api
from libs.csms.storage.store import Page, Store
from libs.csms.web.app import create_app
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of
from libs.csms.web.server import serve

from .audit.api import audit_api
from .local_list.api import local_lists_api
from .local_list.sync import SyncLoop
from .people.api import people_api
from .people.sessions_api import sessions_api
from .people.users_api import users_api
from .reservations.api import reservations_api
from .service import User, router
from .tokens.api import authorizations_api, policies_api, tokens_api
from .tokens.authorizer import Authorizer


def user_service(
    settings: Settings,
    bus: Bus,
    store: Store,
    device: DeviceClient,
    clock: Clock,
    authorizer: Authorizer | None = None,
) -> Service:
    user = User.of(store, clock, settings, authorizer)
    return service_of(user, app_of(user, device, settings), device, settings, bus)


def app_of(user: User, device: DeviceClient, settings: Settings) -> FastAPI:
    return create_app(
        "User service",
        api(user, device),
        settings,
        keys=user.keys,
        sessions=user.accounts.sessions,
        stations=device,
        trail=user.trail,
    )


def service_of(user: User, app: FastAPI, device: DeviceClient, settings: Settings, bus: Bus) -> Service:
    """The service of a ``User`` that others in this process use too: transactions call its ``authorize``."""
    return Service(
        name=router.service,
        subscriptions=router.subscriptions,
        loops=[
            partial(router.serve, bus, user, user.clock, [time_limit(HANDLER_TIMEOUT)]),
            SyncLoop(user.local_lists, device).run,
        ],
        serve=partial(serve, app, settings),
    )


def api(user: User, device: DeviceClient) -> APIRouter:
    """Every path of the service."""
    paths = APIRouter()
    paths.include_router(people_api(user.keys))
    paths.include_router(sessions_api(user.sign_ins))
    paths.include_router(users_api(user.accounts))
    paths.include_router(audit_api(user.trail))
    paths.include_router(tokens_api(user.tokens))
    paths.include_router(authorizations_api(user.tokens))
    paths.include_router(policies_api(user.tokens))
    paths.include_router(reservations_api(user.reservations))
    paths.include_router(messages_api(user.message_log, user.clock))
    paths.include_router(local_lists_api(user.local_lists, device))
    paths.include_router(station_groups_api(device))
    return paths


def station_groups_api(stations: StationGroups) -> APIRouter:
    """For the transaction service, which asks nobody else."""
    router = ScopedRouter(Scope.AUTHORIZATION, prefix="/stationgroups", tags=["Groups of stations"])

    @router.get("", response_model_exclude_none=True)
    async def list_stations_of_group(
        group: str, page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[GroupOfStation]:
        """The ids of the stations of a group, as the device service lists them."""
        ids, following = await stations.ids_in_group(group, page_size, page_token)
        return page_of(Page([GroupOfStation(id=id, group=group) for id in ids], following))

    @router.get("/{id}", response_model_exclude_none=True)
    async def get_group_of_station(id: str) -> GroupOfStation:
        return GroupOfStation(id=id, group=await stations.group_of(id))

    return router
