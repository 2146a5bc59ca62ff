"""The REST API of the charging profiles that stations have, and of those that are to be sent to them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi import Query as Parameter

from libs.csms.clients.profile_check import ProfileCommand
from libs.csms.station_messages.api import OcppInteger
from libs.csms.storage.queries import equals
from libs.csms.storage.store import Page, Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from ..service import Ledger
from .check import check
from .composite_schedule import CompositeScheduleView
from .profile import ChargingProfileView

EvseId = Annotated[
    OcppInteger | None, Parameter(alias="evseId", description="A connector of 1.6 is an EVSE here.")
]


def profiles_api(ledger: Ledger) -> APIRouter:
    router = APIRouter(prefix="/chargingstations/{id}", tags=["Charging profiles"])

    @router.get(
        "/chargingprofiles", response_model=PageOf[ChargingProfileView], response_model_exclude_none=True
    )
    async def list_charging_profiles(
        id: str,
        evse_id: EvseId = None,
        request_id: Annotated[
            OcppInteger | None, Parameter(alias="requestId", description="Of a report.")
        ] = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[ChargingProfileView]:
        """What the station has, as far as it has said: what it accepted, and what it reported."""
        found = equals(stationId=id, present=True, evseId=evse_id, requestId=request_id)
        query = Query(found, page_size=page_size, page_token=page_token)
        page = await ledger.profiles.profiles.find(query)
        newest = [ChargingProfileView.of(one, await ledger.profiles.newest(one)) for one in page.items]
        return page_of(Page(newest, page.next_page_token))

    @router.post("/chargingprofiles/proposals", status_code=204)
    async def propose_charging_profile(id: str, body: ProfileCommand) -> None:
        """For the device service: may this be sent? What may is in the way of others until the command ends,
        for three minutes at most."""
        await check(ledger, id, body)

    @router.get(
        "/compositeschedules", response_model=PageOf[CompositeScheduleView], response_model_exclude_none=True
    )
    async def list_composite_schedules(
        id: str, evse_id: EvseId = None, page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[CompositeScheduleView]:
        """The last of each EVSE, as GetCompositeSchedule was answered."""
        query = Query(equals(stationId=id, evseId=evse_id), page_size=page_size, page_token=page_token)
        page = await ledger.profiles.composite_schedules.find(query)
        return page_of(Page([CompositeScheduleView.of(one) for one in page.items], page.next_page_token))

    return router
