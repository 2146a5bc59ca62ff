"""``/audit``: the records of the audit trail, what it takes to verify them, and the public key."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi import Query as Parameter
from pydantic import Field

from libs.csms.access.routes import ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.audit.model import Outcome, Record, Segment
from libs.csms.audit.trail import Trail
from libs.csms.clock import Time
from libs.csms.station_messages.api import bound
from libs.csms.storage.queries import equals
from libs.csms.storage.store import Document, Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

CallerId = Annotated[str | None, Parameter(alias="caller", description="Acts of the caller of this id.")]
Action = Annotated[
    str | None, Parameter(description="Method and template of the path, such as `DELETE /keys/{id}`.")
]
Target = Annotated[str | None, Parameter(description="The last id in the path.")]
StationId = Annotated[str | None, Parameter(alias="stationId", description="At this charging station.")]
OfOutcome = Annotated[Outcome | None, Parameter(alias="outcome", description="That ended like this.")]
From = Annotated[Time | None, Parameter(alias="from", description="At this time or later.")]
To = Annotated[Time | None, Parameter(description="Before this time.")]


class AuditKeyView(Document):
    """What verifies the signatures of the audit trail."""

    id: str = Field(description="`keyId` of segments: the beginning of the SHA-256 of the public key.")
    algorithm: str = Field(default="Ed25519", description="Of the signatures.")
    public_key: str = Field(description="The 32 bytes in base64, for `csms audit verify --public-key`.")
    pem: str = Field(description="The same as a PEM.")


def audit_api(trail: Trail) -> APIRouter:
    router = ScopedRouter(Scope.AUDIT_READ, prefix="/audit", tags=["Audit"])

    @router.get("", response_model_exclude_none=True)
    async def list_audit_records(
        caller: CallerId = None,
        action: Action = None,
        target: Target = None,
        station_id: StationId = None,
        outcome: OfOutcome = None,
        from_: From = None,
        to: To = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[Record]:
        """The newest first. Tokens and secrets are hidden from everybody."""
        query = Query(
            equals(callerId=caller, action=action, target=target, stationId=station_id, outcome=outcome),
            order_by="at",
            descending=True,
            from_=bound(from_),
            to=bound(to),
            page_size=page_size,
            page_token=page_token,
        )
        return page_of(await trail.records.find(query))

    @router.get("/segments", response_model_exclude_none=True)
    async def list_audit_segments(page_size: PageSize = 100, page_token: PageToken = "") -> PageOf[Segment]:
        """The parts of the trail, each written by one process; the newest first."""
        query = Query(order_by="startedAt", descending=True, page_size=page_size, page_token=page_token)
        return page_of(await trail.segments.find(query))

    @router.get("/records", response_model_exclude_none=True)
    async def list_audit_records_by_segment(
        page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[Record]:
        """All of them, segment by segment in the order of their numbers: to verify or export them."""
        return page_of(await trail.records.find(Query(page_size=page_size, page_token=page_token)))

    @router.get("/key")
    async def get_audit_key() -> AuditKeyView:
        key = trail.key.public
        return AuditKeyView(id=key.id, public_key=key.text, pem=key.pem)

    return router
