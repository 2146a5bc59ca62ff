"""Deviations by REST: those of one station, and the compliance report of a model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from fastapi import Query as Parameter

from libs.csms.access.groups import TheStations
from libs.csms.access.routes import TELLS_GROUPS_APART, ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.clock import Clock
from libs.csms.storage.queries import equals, every
from libs.csms.storage.store import Page, Query, Scalar
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from .markdown import as_markdown
from .model import DeviationView, StationDeviation
from .report import ComplianceReport, compliance_report
from .service import MAX_DEVIATIONS, Deviations

Rule = Annotated[str | None, Parameter(description="Deviations of this rule, or CALLERRORs of this code.")]
Action = Annotated[str | None, Parameter(description="Deviations in this OCPP action.")]
Repaired = Annotated[
    bool | None, Parameter(description="Only messages that were repaired, or only refused ones.")
]
Vendor = Annotated[str | None, Parameter(description="Stations of this vendor, compared exactly.")]
Model = Annotated[str | None, Parameter(description="Stations of this model, compared exactly.")]
Firmware = Annotated[
    str | None, Parameter(description="What happened with this firmware version, compared exactly.")
]
Format = Annotated[
    Literal["json", "markdown"], Parameter(description="Markdown is for sending to the manufacturer.")
]


def deviations_api(deviations: Deviations) -> APIRouter:
    """Of one station."""
    router = ScopedRouter(
        Scope.PROFILES_READ, Scope.PROFILES_WRITE, prefix="/chargingstations/{id}", tags=["Deviations"]
    )

    @router.get("/deviations", response_model=PageOf[DeviationView], response_model_exclude_none=True)
    async def list_deviations(
        id: str,
        rule: Rule = None,
        action: Action = None,
        repaired: Repaired = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[DeviationView]:
        """How the station departs from OCPP, the latest first."""
        wanted = equals(stationId=id, rule=rule, action=action, repaired=repaired)
        query = Query(wanted, "lastSeen", True, page_size=page_size, page_token=page_token)
        page = await deviations.documents.find(query)
        return page_of(Page([DeviationView.of_stored(one) for one in page.items], page.next_page_token))

    @router.delete("/deviations", status_code=204)
    async def delete_deviations(id: str) -> None:
        """Forget what was counted, as after a repair of the station; counting begins anew."""
        await deviations.forget(id)

    return router


async def _of_stations(
    deviations: Deviations, ids: Sequence[str], wanted: Mapping[str, Scalar]
) -> AsyncIterator[StationDeviation]:
    """Those with the wanted fields, of these stations."""
    for id in ids:
        async for one in every(deviations.documents, Query({"stationId": id}, page_size=MAX_DEVIATIONS)):
            fields = one.model_dump(by_alias=True, include={"vendor", "model", "firmware_version"})
            if all(fields[name] == value for name, value in wanted.items()):
                yield one


def compliance_api(deviations: Deviations, clock: Clock) -> APIRouter:
    router = ScopedRouter(Scope.PROFILES_READ, tags=["Deviations"])

    @router.get(
        "/deviations",
        response_model=ComplianceReport,
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
        responses={200: {"content": {"text/markdown": {"schema": {"type": "string"}}}}},
    )
    async def get_compliance_report(
        visible: TheStations,
        vendor: Vendor = None,
        model: Model = None,
        firmware: Firmware = None,
        format: Format = "json",
    ) -> ComplianceReport | Response:
        """How the stations of each model depart from OCPP, over all stations that the caller may see."""
        wanted = equals(vendor=vendor, model=model, firmwareVersion=firmware)
        if visible.are_all:
            found = every(deviations.documents, Query(wanted, page_size=1_000))
        else:
            found = _of_stations(deviations, await visible.ids(), wanted)
        report = await compliance_report(found, clock(), vendor, model, firmware)
        if format == "markdown":
            return Response(as_markdown(report), media_type="text/markdown")
        return report

    return router
