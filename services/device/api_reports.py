"""What a station told of itself: variables, monitors, events, streams, jobs, and its own messages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi import Query as Parameter

from libs.csms.clock import Time
from libs.csms.errors import NotFound
from libs.csms.station_messages.api import From, OcppInteger, To, bound, messages_api, parts
from libs.csms.station_messages.report import Status
from libs.csms.storage.queries import equals
from libs.csms.storage.store import Document, Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from . import operations
from .device_model import ReportedVariable
from .event_stream import EventStream
from .job import Job, Kind
from .monitor import Event, Monitor
from .service import Device

Name = Annotated[str | None, Parameter(description="Exactly as the station writes it.")]
EvseId = Annotated[OcppInteger | None, Parameter(alias="evseId")]


class CustomerInformation(Document):
    """``text`` is what has arrived of it, in order; it has gaps where numbers are missing."""

    request_id: int
    status: Status
    started_at: Time
    missing_seq_nos: list[int] = []
    text: str


def reports_api(device: Device) -> APIRouter:
    async def existing(id: str) -> None:
        await operations.existing(device, id)

    router = APIRouter(dependencies=[Depends(existing)])
    for part in (model_api(device), history_api(device), messages_api(device.message_log, device.clock)):
        router.include_router(part)
    return router


def model_api(device: Device) -> APIRouter:
    router = APIRouter(prefix="/chargingstations/{id}", tags=["Device model"])

    @router.get("/variables", response_model=PageOf[ReportedVariable], response_model_exclude_none=True)
    async def list_variables(
        id: str,
        component: Name = None,
        variable: Name = None,
        evse_id: EvseId = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[ReportedVariable]:
        """As the station last reported them, in the order of components, their EVSEs and variables."""
        where = {"component.name": component, "variable.name": variable, "component.evse.id": evse_id}
        query = Query(equals(stationId=id, **where), page_size=page_size, page_token=page_token)
        return page_of(await device.reported.variables.find(query))

    @router.get("/monitors", response_model=PageOf[Monitor], response_model_exclude_none=True)
    async def list_monitors(
        id: str, page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[Monitor]:
        """As the station last reported them."""
        query = Query({"stationId": id}, page_size=page_size, page_token=page_token)
        return page_of(await device.reported.monitors.find(query))

    @router.get("/eventstreams", response_model=PageOf[EventStream], response_model_exclude_none=True)
    async def list_event_streams(
        id: str, page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[EventStream]:
        """Their values are messages: ``messages?action=NotifyPeriodicEventStream``."""
        query = Query({"stationId": id}, page_size=page_size, page_token=page_token)
        return page_of(await device.reported.event_streams.find(query))

    return router


def history_api(device: Device) -> APIRouter:
    router = APIRouter(prefix="/chargingstations/{id}", tags=["Events and jobs"])

    @router.get("/events", response_model=PageOf[Event], response_model_exclude_none=True)
    async def list_events(
        id: str, from_: From = None, to: To = None, page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[Event]:
        """Newest first, by the station's own time."""
        query = Query(
            {"stationId": id},
            order_by="timestamp",
            descending=True,
            from_=bound(from_),
            to=bound(to),
            page_size=page_size,
            page_token=page_token,
        )
        return page_of(await device.reported.events.find(query))

    @router.get(
        "/jobs",
        response_model=PageOf[Job],
        response_model_exclude={"items": {"__all__": {"series"}}},
        response_model_exclude_none=True,
    )
    async def list_jobs(
        id: str, kind: Kind | None = None, page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[Job]:
        """Updates of firmware and uploads of logs, with their progress and outcome, the newest first."""
        found = equals(stationId=id, kind=kind)
        query = Query(found, "startedAt", True, page_size=page_size, page_token=page_token)
        return page_of(await device.reported.jobs.find(query))

    @router.get("/customerinformation/{requestId}", response_model=CustomerInformation)
    async def get_customer_information(
        id: str, request_id: Annotated[OcppInteger, Path(alias="requestId")]
    ) -> CustomerInformation:
        """What the station knows about a customer, put together from its messages."""
        report = await device.message_log.report(id, "NotifyCustomerInformation", request_id)
        if report is None:
            raise NotFound("the station has sent no customer information for that request")
        texts = {part["seqNo"]: part["data"] async for part in parts(device.message_log, report)}
        shown = report.shown(device.clock())
        return CustomerInformation(
            **shown.model_dump(include={"request_id", "status", "started_at", "missing_seq_nos"}),
            text="".join(texts[number] for number in sorted(texts)),
        )

    return router
