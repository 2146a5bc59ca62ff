"""The device model of a station by REST: variables, monitors, event streams and events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi import Query as Parameter

from libs.csms.access.routes import ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.station_messages.api import From, OcppInteger, To, bound
from libs.csms.storage.queries import equals
from libs.csms.storage.store import Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from .event_stream import EventStream
from .model import ReportedVariable
from .monitor import Monitor, MonitoredEvent
from .service import DeviceModel

Name = Annotated[str | None, Parameter(description="Name, exactly as the station writes it.")]
EvseId = Annotated[OcppInteger | None, Parameter(alias="evseId", description="Number of the EVSE.")]


def device_model_api(device_model: DeviceModel) -> APIRouter:
    router = ScopedRouter(Scope.STATIONS_READ, prefix="/chargingstations/{id}", tags=["Device model"])

    @router.get("/variables", response_model=PageOf[ReportedVariable], response_model_exclude_none=True)
    async def list_variables(
        id: str,
        component: Name = None,
        variable: Name = None,
        evse_id: EvseId = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[ReportedVariable]:
        """The variables as the station last reported them, ordered by component, EVSE and variable."""
        where = {"component.name": component, "variable.name": variable, "component.evse.id": evse_id}
        query = Query(equals(stationId=id, **where), page_size=page_size, page_token=page_token)
        return page_of(await device_model.variables.find(query))

    @router.get("/monitors", response_model=PageOf[Monitor], response_model_exclude_none=True)
    async def list_monitors(
        id: str, page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[Monitor]:
        """The monitors as the station last reported them."""
        query = Query({"stationId": id}, page_size=page_size, page_token=page_token)
        return page_of(await device_model.monitors.find(query))

    @router.get("/eventstreams", response_model=PageOf[EventStream], response_model_exclude_none=True)
    async def list_event_streams(
        id: str, page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[EventStream]:
        """Open and closed streams. Their values are in ``messages?action=NotifyPeriodicEventStream``."""
        query = Query({"stationId": id}, page_size=page_size, page_token=page_token)
        return page_of(await device_model.event_streams.find(query))

    @router.get("/events", response_model=PageOf[MonitoredEvent], response_model_exclude_none=True)
    async def list_events(
        id: str, from_: From = None, to: To = None, page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[MonitoredEvent]:
        """The newest first, by the time of the station."""
        query = Query(
            {"stationId": id},
            order_by="timestamp",
            descending=True,
            from_=bound(from_),
            to=bound(to),
            page_size=page_size,
            page_token=page_token,
        )
        return page_of(await device_model.events.find(query))

    return router
