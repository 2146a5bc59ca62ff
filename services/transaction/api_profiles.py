"""The REST API of the charging profiles that stations have reported."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi import Query as Parameter

from libs.csms.encoded_route import EncodedRoute
from libs.csms.http import PageOf, PageSize, PageToken, page_of
from libs.csms.journal_api import Number, equals
from libs.csms.store import Page, Query

from .charging_profile import ChargingProfileView
from .service import Ledger


def profiles_api(ledger: Ledger) -> APIRouter:
    router = APIRouter(tags=["Charging profiles"], route_class=EncodedRoute)

    @router.get(
        "/chargingstations/{id}/chargingprofiles",
        response_model=PageOf[ChargingProfileView],
        response_model_exclude_none=True,
    )
    async def list_charging_profiles(
        id: str,
        evse_id: Annotated[Number | None, Parameter(alias="evseId")] = None,
        request_id: Annotated[Number | None, Parameter(alias="requestId", description="Of a report.")] = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[ChargingProfileView]:
        """As the station last reported them. It may have dropped those of earlier reports since."""
        found = equals(stationId=id, evseId=evse_id, requestId=request_id)
        page = await ledger.charging_profiles.find(Query(found, page_size=page_size, page_token=page_token))
        return page_of(Page([ChargingProfileView.of(one) for one in page.items], page.next_page_token))

    return router
