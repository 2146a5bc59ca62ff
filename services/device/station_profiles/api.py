"""``/stationprofiles`` by REST, and which profile a station has."""

from __future__ import annotations

from fastapi import APIRouter, Response

from libs.csms.access.routes import ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from ..registry.service import Registry
from .bodies import NewStationProfile, StationProfileBody
from .model import StationProfile
from .service import NoProfile, StationProfiles


def station_profiles_api(profiles: StationProfiles, registry: Registry) -> APIRouter:
    router = ScopedRouter(Scope.PROFILES_READ, Scope.PROFILES_WRITE, tags=["Station profiles"])

    @router.get("/stationprofiles", response_model=PageOf[StationProfile], response_model_exclude_none=True)
    async def list_station_profiles(
        page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[StationProfile]:
        """In the order of their ids, with those that are built in."""
        return page_of(await profiles.find(page_size, page_token))

    @router.post(
        "/stationprofiles", status_code=201, response_model=StationProfile, response_model_exclude_none=True
    )
    async def create_station_profile(body: NewStationProfile, response: Response) -> StationProfile:
        profile = await profiles.create(body)
        response.headers["Location"] = f"/stationprofiles/{profile.id}"
        return profile

    @router.get("/stationprofiles/{id}", response_model=StationProfile, response_model_exclude_none=True)
    async def get_station_profile(id: str) -> StationProfile:
        return await profiles.existing(id)

    @router.put("/stationprofiles/{id}", response_model=StationProfile, response_model_exclude_none=True)
    async def replace_station_profile(id: str, body: StationProfileBody) -> StationProfile:
        """Of a profile that exists: creating one is for POST."""
        return await profiles.change(id, body, body.replacing)

    @router.patch("/stationprofiles/{id}", response_model=StationProfile, response_model_exclude_none=True)
    async def patch_station_profile(id: str, body: StationProfileBody) -> StationProfile:
        """A merge patch (RFC 7396): null removes a field, or a rule."""
        return await profiles.change(id, body, body.merged_into)

    @router.delete("/stationprofiles/{id}", status_code=204)
    async def delete_station_profile(id: str) -> None:
        await profiles.delete(id)

    @router.get(
        "/chargingstations/{id}/stationprofile",
        response_model=StationProfile,
        response_model_exclude_none=True,
    )
    async def get_profile_of_station(id: str) -> StationProfile:
        """The profile that counts for the station, by what it reported in its last BootNotification."""
        profile = await profiles.profile_of(await registry.existing(id))
        if profile is None:
            raise NoProfile
        return profile

    return router
