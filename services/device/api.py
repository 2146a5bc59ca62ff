"""The REST API of the device service."""

from __future__ import annotations

from fastapi import APIRouter

from .api_fleet import fleet_api
from .api_reports import reports_api
from .api_security import security_api
from .api_seed import seed_api
from .api_stations import stations_api
from .service import Device


def api(device: Device) -> APIRouter:
    """``list`` comes before ``{id}``: no station has that id."""
    router = APIRouter()
    for part in (seed_api, stations_api, security_api, fleet_api, reports_api):
        router.include_router(part(device))
    return router
