"""The fleet at a glance: counts, connections, the state of one station, and dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter
from fastapi import Query as Parameter

from libs.csms.clients.admission import RegistrationStatus
from libs.csms.clock import Time
from libs.csms.storage.queries import equals, every
from libs.csms.storage.store import Document, Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of
from libs.ocpp_messages.version import Version

from . import operations
from .connection import Connection, Connector
from .model import DeadMessage
from .service import Device

STATUSES = (
    "Available Preparing Charging SuspendedEVSE SuspendedEV Finishing Occupied Reserved Unavailable Faulted"
).split()
"""Of all versions."""


class Summary(Document):
    """``connectors`` counts them by status; a station as a whole (connector 0 of OCPP 1.6) is none."""

    charging_stations: int
    connected: int
    connectors: dict[str, int]
    dead_letters: int


class StationStatus(Document):
    id: str
    registration_status: RegistrationStatus
    connected: bool = False
    connected_at: Time | None = None
    disconnected_at: Time | None = None
    close_code: int | None = None
    close_reason: str | None = None
    last_seen: Time | None = None
    ocpp_version: str | None = None
    connectors: Sequence[Connector]


def fleet_api(device: Device) -> APIRouter:
    router = APIRouter(tags=["Fleet"])

    @router.get("/summary", response_model=Summary)
    async def summary() -> Summary:
        stations, connected, dead, *connectors = await asyncio.gather(
            device.stations.count({}),
            device.connections.count({"connected": True}),
            device.dead_letters.count({}),
            *(_count(device, status) for status in STATUSES),
        )
        return Summary(
            charging_stations=stations,
            connected=connected,
            connectors=dict(zip(STATUSES, connectors, strict=True)),
            dead_letters=dead,
        )

    @router.get("/connections", response_model=PageOf[Connection], response_model_exclude_none=True)
    async def list_connections(
        connected: bool | None = None,
        gateway_id: Annotated[str | None, Parameter(alias="gatewayId")] = None,
        ocpp_version: Annotated[Version | None, Parameter(alias="ocppVersion")] = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[Connection]:
        """The newest connection of every station, in the order of station ids."""
        found = equals(connected=connected, gatewayId=gateway_id, ocppVersion=ocpp_version)
        query = Query(found, page_size=page_size, page_token=page_token)
        return page_of(await device.connections.find(query))

    @router.get(
        "/chargingstations/{id}/status", response_model=StationStatus, response_model_exclude_none=True
    )
    async def get_status(id: str) -> StationStatus:
        return await _status(device, id)

    @router.get("/deadletters", response_model=PageOf[DeadMessage], response_model_exclude_none=True)
    async def list_dead_letters(page_size: PageSize = 100, page_token: PageToken = "") -> PageOf[DeadMessage]:
        """The newest first."""
        query = Query(order_by="receivedAt", descending=True, page_size=page_size, page_token=page_token)
        return page_of(await device.dead_letters.find(query))

    return router


async def _count(device: Device, status: str) -> int:
    alike = await device.connectors.count({"status": status})
    return alike - await device.connectors.count({"status": status, "evseId": 0}) if alike else 0


async def _status(device: Device, id: str) -> StationStatus:
    station = await operations.existing(device, id)
    connection = await device.connections.get(id) or Connection(station_id=id)
    found = [found async for found in every(device.connectors, Query(equals={"stationId": id}))]
    known = connection.model_dump(include=set(StationStatus.model_fields) - {"connectors"})
    return StationStatus(
        id=id,
        registration_status=station.registration_status,
        connectors=sorted(found, key=lambda connector: (connector.evse_id, connector.connector_id)),
        **known,
    )
