"""The five paths for stations that earlier systems of this kind offer, with the same payload."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from libs.csms.storage.queries import every
from libs.csms.storage.store import Query

from . import operations
from .bodies import NewStation, StationBody
from .model import Station
from .service import Device


def seed_api(device: Device) -> APIRouter:
    router = APIRouter(prefix="/chargingstations", tags=["Charging stations, older paths"])

    @router.post("/create", status_code=201, response_model=Station, response_model_exclude_none=True)
    async def create(body: NewStation) -> Station:
        return await operations.create(device, body)

    @router.get("/list", response_class=StreamingResponse, responses={200: {"model": list[Station]}})
    async def list_all() -> StreamingResponse:
        """Every station, without limit: read in pages and sent as it is read."""
        return StreamingResponse(_array(device), media_type="application/json")

    @router.get("/station/{id}", response_model=Station, response_model_exclude_none=True)
    async def station(id: str) -> Station:
        return await operations.existing(device, id)

    @router.post("/update/{id}", response_model=Station, response_model_exclude_none=True)
    async def update(id: str, body: StationBody) -> Station:
        """Replaces what these paths know; our own fields stay as they are unless given."""
        return await operations.change(device, id, body, body.replacing_seed)

    @router.post("/delete/{id}", response_model=Station, response_model_exclude_none=True)
    async def delete(id: str) -> Station:
        return await operations.delete(device, id)

    return router


async def _array(device: Device) -> AsyncIterator[str]:
    before = "["
    async for station in every(device.stations, Query(page_size=1_000)):
        yield before + station.model_dump_json(by_alias=True, exclude_none=True)
        before = ","
    yield "[]" if before == "[" else "]"
