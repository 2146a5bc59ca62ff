"""The REST API of the device service: those of its packages, and the fleet at a glance."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Depends
from pydantic import Field

from libs.csms.access.groups import TheStations
from libs.csms.access.routes import TELLS_GROUPS_APART, ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.storage.store import Document

from .commands.api import commands_api
from .commands.api_batches import batches_api
from .connectivity.api import connectivity_api, connectors_by_status, count_stations
from .deviations.api import compliance_api, deviations_api
from .device_model.api import device_model_api
from .jobs.api import jobs_api
from .messages.api import dead_letters_api, station_messages_api
from .operations.api import operations_api
from .registry.api import registry_api
from .security.api import security_api
from .service import Device
from .smart_charging.api import smart_charging_api
from .station_profiles.api import station_profiles_api


class Summary(Document):
    charging_stations: int = Field(description="How many are registered.")
    connected: int = Field(description="How many are connected.")
    connectors: dict[str, int] = Field(
        description="How many connectors of connected stations have which status; those of stations that are"
        " away are `Offline`. A station as a whole (connector 0 of OCPP 1.6) is none."
    )
    dead_letters: int | None = Field(
        default=None,
        description="How many messages no attempt could handle, without those that were put back and have not"
        " come again; absent for callers who are bound to groups.",
    )
    disk_almost_full: bool | None = Field(
        default=None,
        description="True while less of the disk is free than CSMS_MIN_FREE_DISK; otherwise absent. Messages"
        " of stations are then answered and not stored, but for those of transactions and security.",
    )


def device_api(device: Device) -> APIRouter:
    router = APIRouter()
    router.include_router(registry_api(device.registry))
    router.include_router(station_profiles_api(device.station_profiles, device.registry))
    router.include_router(security_api(device.security))
    router.include_router(connectivity_api(device.connectivity))
    router.include_router(dead_letters_api(device.messages, device.bus))
    router.include_router(_summary_api(device))
    router.include_router(compliance_api(device.deviations, device.clock))
    router.include_router(_of_existing_station(device))
    router.include_router(batches_api(device.commands))  # before the others: ``batches`` is no command's id
    router.include_router(commands_api(device.commands))
    router.include_router(operations_api(device.operations))
    return router


def _of_existing_station(device: Device) -> APIRouter:
    """What stations report: 404 for a station that there is not."""

    async def existing(id: str) -> None:
        await device.registry.existing(id)

    router = APIRouter(dependencies=[Depends(existing)])
    router.include_router(device_model_api(device.device_model))
    router.include_router(jobs_api(device.jobs))
    router.include_router(station_messages_api(device.messages))
    router.include_router(deviations_api(device.deviations))
    router.include_router(smart_charging_api(device.smart_charging))
    return router


def _summary_api(device: Device) -> APIRouter:
    router = ScopedRouter(Scope.STATIONS_READ, tags=["Fleet"])

    @router.get(
        "/summary",
        response_model=Summary,
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def summary(visible: TheStations) -> Summary:
        """For a caller who is bound to groups, of the stations in them, which are read one by one."""
        if not visible.are_all:
            ids = await visible.ids()
            online, statuses = await count_stations(device.connectivity, ids)
            return Summary(charging_stations=len(ids), connected=online, connectors=statuses)
        stations, connected, dead, retried, connectors = await asyncio.gather(
            device.registry.stations.count({}),
            device.connectivity.connections.count({"connected": True}),
            device.messages.dead_letters.count({}),
            device.messages.dead_letters.count({"retried": True}),
            connectors_by_status(device.connectivity),
        )
        return Summary(
            charging_stations=stations,
            connected=connected,
            connectors=connectors,
            dead_letters=dead - retried,
            disk_almost_full=None if device.messages.log.quota.disk_has_room() else True,
        )

    return router
