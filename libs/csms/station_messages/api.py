"""The message log of a service by REST: a station's messages as it sent them, and its reports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter
from fastapi import Query as Parameter
from pydantic import Field

from libs.ocpp_messages.schemas import LARGEST_INTEGER

from ..access.routes import ScopedRouter
from ..access.scopes import Scope
from ..clock import Clock, Time, rfc3339
from ..errors import Invalid
from ..storage.queries import equals, every
from ..storage.store import Document, Page, Query
from ..web.paging import PageOf, PageSize, PageToken, page_of
from .log import MessageLog, Refusal, StationMessage
from .quota import MessageUsage
from .report import MultipartReport, ReportView

OcppInteger = Annotated[int, Field(ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)]
"""An integer of OCPP in a path or query."""
RequestId = Annotated[
    OcppInteger | None,
    Parameter(alias="requestId", description="Of the request that it answers; needs action."),
]
From = Annotated[Time | None, Parameter(alias="from", description="Received at this time or later.")]
To = Annotated[Time | None, Parameter(description="Received before this time.")]


class StationMessageView(Document):
    station_id: str = Field(description="Id of the charging station.")
    action: str = Field(description="Name of the OCPP message, such as NotifyReport.")
    ocpp_version: str = Field(description="Version of OCPP that the payload is of.")
    received_at: Time = Field(description="When the gateway received it.")
    payload: Any = Field(description="As on the wire. Only secrets are hidden.")
    refused: Refusal | None = Field(
        default=None, description="How it was refused; absent for a message that was accepted."
    )
    repairs: list[str] | None = Field(
        default=None,
        description="The rules that repaired it, as `rule@place`; absent for a message that fits its schema."
        " The payload is the repaired one.",
    )

    @classmethod
    def of(cls, message: StationMessage) -> StationMessageView:
        known = message.model_dump(include=set(cls.model_fields) - {"payload"})
        return cls(**known, payload=msgspec.json.decode(message.payload))


def messages_api(message_log: MessageLog, clock: Clock) -> APIRouter:
    router = ScopedRouter(Scope.MESSAGES_READ, prefix="/chargingstations/{id}", tags=["Messages of stations"])

    @router.get("/messages", response_model=PageOf[StationMessageView], response_model_exclude_none=True)
    async def list_messages(
        id: str,
        action: Annotated[str | None, Parameter(description="Name of the OCPP message.")] = None,
        request_id: RequestId = None,
        from_: From = None,
        to: To = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[StationMessageView]:
        """What the station sent, the newest first."""
        if request_id is not None and action is None:
            raise Invalid("query.requestId: numbers the reports of one action, so name the action too")
        query = Query(
            equals(stationId=id, action=action, requestId=request_id),
            order_by="receivedAt",
            descending=True,
            from_=bound(from_),
            to=bound(to),
            page_size=page_size,
            page_token=page_token,
        )
        page = await message_log.messages.find(query)
        return page_of(Page([StationMessageView.of(message) for message in page.items], page.next_page_token))

    @router.get("/messages/usage", response_model=MessageUsage)
    async def get_message_usage(id: str) -> MessageUsage:
        """How much of what the station has sent today is stored here, and how much was too much."""
        return await message_log.quota.usage(id, clock())

    @router.get("/reports", response_model=PageOf[ReportView], response_model_exclude_none=True)
    async def list_reports(
        id: str, page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[ReportView]:
        """Which reports have arrived completely, the newest first. Their parts are messages."""
        query = Query({"stationId": id}, "startedAt", True, page_size=page_size, page_token=page_token)
        page = await message_log.reports.find(query)
        return page_of(Page([report.shown(clock()) for report in page.items], page.next_page_token))

    return router


async def parts(message_log: MessageLog, report: MultipartReport) -> AsyncIterator[Any]:
    """The payloads of a report, in the order of their arrival."""
    query = Query(
        {"stationId": report.station_id, "action": report.action, "requestId": report.request_id},
        order_by="receivedAt",
        from_=bound(report.started_at),
    )
    async for message in every(message_log.messages, query):
        yield msgspec.json.decode(message.payload)


def bound(at: datetime | None) -> str | None:
    return rfc3339(at) if at else None
