"""The messages of a station by REST: the log, reports of several parts, and dead letters."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi import Query as Parameter
from pydantic import Field

from libs.csms.access.routes import ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.clock import Time
from libs.csms.errors import NotFound
from libs.csms.messaging.bus import Bus
from libs.csms.station_messages.api import OcppInteger, messages_api, parts
from libs.csms.station_messages.report import Status
from libs.csms.storage.queries import equals
from libs.csms.storage.store import Document, Page, Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from .dead_letters import DeadLetterView, dismiss, retry
from .service import Messages


class CustomerInformation(Document):
    """A report of several NotifyCustomerInformation messages, joined."""

    request_id: int = Field(description="requestId of the CustomerInformation request that it answers (N09).")
    status: Status = Field(description="Whether all of it has arrived.")
    started_at: Time = Field(description="When its first part was received.")
    missing_seq_nos: list[int] = Field(
        default=[], description="Numbers of parts that have not arrived, at most 100."
    )
    text: str = Field(description="The parts that have arrived, joined in order; missing parts are left out.")


def station_messages_api(messages: Messages) -> APIRouter:
    router = ScopedRouter(Scope.MESSAGES_READ)
    router.include_router(messages_api(messages.log, messages.clock))

    @router.get(
        "/chargingstations/{id}/customerinformation/{requestId}",
        response_model=CustomerInformation,
        tags=["Messages of stations"],
    )
    async def get_customer_information(
        id: str, request_id: Annotated[OcppInteger, Path(alias="requestId")]
    ) -> CustomerInformation:
        """What the station has reported about a customer, joined from its messages."""
        report = await messages.log.report(id, "NotifyCustomerInformation", request_id)
        if report is None:
            raise NotFound("the station has sent no customer information for that request")
        texts = {part["seqNo"]: part["data"] async for part in parts(messages.log, report)}
        shown = report.shown(messages.clock())
        return CustomerInformation(
            **shown.model_dump(include={"request_id", "status", "started_at", "missing_seq_nos"}),
            text="".join(texts[number] for number in sorted(texts)),
        )

    return router


def dead_letters_api(messages: Messages, bus: Bus) -> APIRouter:
    router = ScopedRouter(Scope.DEADLETTERS_READ, Scope.DEADLETTERS_WRITE, tags=["Fleet"])

    @router.get("/deadletters", response_model=PageOf[DeadLetterView], response_model_exclude_none=True)
    async def list_dead_letters(
        topic: Annotated[str | None, Parameter(description="Published to this topic.")] = None,
        station_id: Annotated[str | None, Parameter(alias="stationId")] = None,
        retried: Annotated[
            bool | None, Parameter(description="Whether put back, and not come again since then.")
        ] = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[DeadLetterView]:
        """The newest first."""
        query = Query(
            equals(topic=topic, stationId=station_id, retried=retried),
            order_by="receivedAt",
            descending=True,
            page_size=page_size,
            page_token=page_token,
        )
        page = await messages.dead_letters.find(query)
        return page_of(Page([DeadLetterView.shown(one) for one in page.items], page.next_page_token))

    @router.post(
        "/deadletters/{id}/retry",
        status_code=202,
        response_model=DeadLetterView,
        response_model_exclude_none=True,
    )
    async def retry_dead_letter(id: str) -> DeadLetterView:
        """Put the message back on its topic. It stays in the list, as `retried`, until it is dismissed; if no
        attempt can handle it again, it is no longer `retried`. 409 if it is `notRetryable`.
        """
        return DeadLetterView.shown(await retry(messages.dead_letters, bus, id, messages.clock()))

    @router.delete("/deadletters/{id}", status_code=204)
    async def dismiss_dead_letter(id: str) -> None:
        await dismiss(messages.dead_letters, id)

    return router
