"""``/chargingstations``: the stations as a REST resource."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Response

from libs.csms.storage.queries import equals
from libs.csms.storage.store import Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from . import operations
from .bodies import Group, NewStation, StationBody
from .model import Station
from .service import Device


def stations_api(device: Device) -> APIRouter:
    router = APIRouter(prefix="/chargingstations", tags=["Charging stations"])

    @router.get("", response_model=PageOf[Station], response_model_exclude_none=True)
    async def list_stations(
        group: Group | None = None, page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[Station]:
        """In the order of their ids."""
        query = Query(equals(group=group), page_size=page_size, page_token=page_token)
        return page_of(await device.stations.find(query))

    @router.post("", status_code=201, response_model=Station, response_model_exclude_none=True)
    async def create_station(body: NewStation, response: Response) -> Station:
        station = await operations.create(device, body)
        response.headers["Location"] = f"/chargingstations/{quote(station.id, safe='')}"
        return station

    @router.get("/{id}", response_model=Station, response_model_exclude_none=True)
    async def get_station(id: str) -> Station:
        return await operations.existing(device, id)

    @router.put("/{id}", response_model=Station, response_model_exclude_none=True)
    async def replace_station(id: str, body: StationBody) -> Station:
        """Of a station that exists: creating one is for POST."""
        return await operations.change(device, id, body, body.replacing)

    @router.patch("/{id}", response_model=Station, response_model_exclude_none=True)
    async def patch_station(id: str, body: StationBody) -> Station:
        """A merge patch (RFC 7396): null removes a field."""
        return await operations.change(device, id, body, body.merged_into)

    @router.delete("/{id}", status_code=204)
    async def delete_station(id: str) -> None:
        """With its secret, its connectors and its state."""
        await operations.delete(device, id)

    return router
