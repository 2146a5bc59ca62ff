"""The REST API of charging profiles, of composite schedules, and of what vehicles need."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi import Query as Parameter
from pydantic import Field

from libs.csms.access.routes import ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.clock import Time
from libs.csms.station_messages.api import OcppInteger
from libs.csms.storage.queries import equals
from libs.csms.storage.store import Document, Page, Query
from libs.csms.web.app import Body
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from .composite_schedule import CompositeScheduleView
from .model import ChargingProfileView
from .negotiation import EvChargingView, Policy
from .service import SmartCharging

EvseId = Annotated[
    OcppInteger | None, Parameter(alias="evseId", description="A connector of 1.6 is an EVSE here.")
]
RequestId = Annotated[
    OcppInteger | None,
    Parameter(alias="requestId", description="GetChargingProfiles.requestId of their report."),
]


class EvPolicyChange(Body):
    policy: Policy | None = Field(description="As it is shown; null to have the setting count.")


class EvPolicy(Document):
    policy: Policy = Field(
        description="`compute`: with a charging profile that follows from the limits of vehicle and EVSE."
        " `processing`: somebody else brings the profile, by the API. `reject`, `noChargingProfile`: with no"
        " profile; the second is Rejected in OCPP 2.0.1."
    )
    changed_at: Time | None = Field(
        default=None, description="When it was set for this station; absent if CSMS_EV_CHARGING_NEEDS counts."
    )


def smart_charging_api(smart_charging: SmartCharging) -> APIRouter:
    router = ScopedRouter(
        Scope.STATIONS_READ,
        Scope.COMMANDS_CHARGING,
        prefix="/chargingstations/{id}",
        tags=["Charging profiles"],
    )
    registry, negotiations = smart_charging.profiles, smart_charging.negotiations

    @router.get(
        "/chargingprofiles", response_model=PageOf[ChargingProfileView], response_model_exclude_none=True
    )
    async def list_charging_profiles(
        id: str,
        evse_id: EvseId = None,
        request_id: RequestId = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[ChargingProfileView]:
        """What the station has, as far as is known: what it accepted, and what it reported."""
        found = equals(stationId=id, present=True, evseId=evse_id, requestId=request_id)
        page = await registry.profiles.find(Query(found, page_size=page_size, page_token=page_token))
        views = [ChargingProfileView.of(one, await registry.newest(one)) for one in page.items]
        return page_of(Page(views, page.next_page_token))

    @router.get("/evchargingneeds", response_model=PageOf[EvChargingView], response_model_exclude_none=True)
    async def list_ev_charging_needs(
        id: str, page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[EvChargingView]:
        """Of the vehicle at each EVSE: what it needs, what it was offered, what it has chosen, and what the
        station was answered. A vehicle that speaks no ISO 15118 is not among them.
        """
        query = Query({"stationId": id}, page_size=page_size, page_token=page_token)
        page = await negotiations.known.find(query)
        return page_of(Page([EvChargingView.of(one) for one in page.items], page.next_page_token))

    @router.get("/evchargingneeds/policy", response_model=EvPolicy, response_model_exclude_none=True)
    async def read_ev_charging_policy(id: str) -> EvPolicy:
        """How what vehicles need is answered at this station."""
        own = await negotiations.policies.get(id)
        if own is None:
            return EvPolicy(policy=negotiations.default_policy)
        return EvPolicy(policy=own.policy, changed_at=own.changed_at)

    @router.put("/evchargingneeds/policy", response_model=EvPolicy, response_model_exclude_none=True)
    async def change_ev_charging_policy(id: str, change: EvPolicyChange) -> EvPolicy:
        """From the next message of a vehicle on."""
        await negotiations.change_policy(id, change.policy)
        return await read_ev_charging_policy(id)

    @router.get(
        "/compositeschedules", response_model=PageOf[CompositeScheduleView], response_model_exclude_none=True
    )
    async def list_composite_schedules(
        id: str, evse_id: EvseId = None, page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[CompositeScheduleView]:
        """The last one of each EVSE, as the station answered GetCompositeSchedule."""
        query = Query(equals(stationId=id, evseId=evse_id), page_size=page_size, page_token=page_token)
        page = await registry.composite_schedules.find(query)
        return page_of(Page([CompositeScheduleView.of(one) for one in page.items], page.next_page_token))

    return router
