"""``/chargingstations`` by REST: the resource, its status, and the five paths of earlier systems."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from urllib.parse import quote

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from libs.csms.access.callers import Caller, TheCaller
from libs.csms.access.routes import TELLS_GROUPS_APART, ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.clients.admission import RegistrationStatus
from libs.csms.clock import Time
from libs.csms.errors import Forbidden
from libs.csms.storage.queries import equals
from libs.csms.storage.store import Document, Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from ..connectivity.model import Connector
from .bodies import Group, NewStation, StationBody
from .model import Station
from .service import Registry


class NotInYourGroups(Forbidden):
    """A caller who is bound to groups would have a station in another one, or in none."""

    def __init__(self) -> None:
        super().__init__("body.group: you may have stations in your groups only")


class ConnectorView(Connector):
    connected: bool = Field(description="Whether its station is connected, so that the status is current.")
    disconnected_at: Time | None = Field(default=None, description="Since when its station is not connected.")


class StationStatus(Document):
    id: str = Field(description="The id of the station.")
    registration_status: RegistrationStatus = Field(
        description="The operator's decision: RegistrationStatus of OCPP."
    )
    connected: bool = Field(default=False, description="Whether the station is connected.")
    connected_at: Time | None = Field(default=None, description="When its newest connection began.")
    disconnected_at: Time | None = Field(default=None, description="When its newest connection ended.")
    close_code: int | None = Field(default=None, description="WebSocket close code of its newest connection.")
    close_reason: str | None = Field(default=None, description="Reason in the WebSocket close frame.")
    last_seen: Time | None = Field(
        default=None, description="When its last message was received, to five minutes."
    )
    ocpp_version: str | None = Field(
        default=None, description="The WebSocket subprotocol: ocpp1.6, ocpp2.0.1 or ocpp2.1."
    )
    connectors: Sequence[ConnectorView] = Field(description="Its connectors, in the order of their numbers.")


def registry_api(registry: Registry) -> APIRouter:
    """The paths of earlier systems come first: ``list`` is no station id."""
    router = APIRouter()
    router.include_router(older_paths_api(registry))
    router.include_router(stations_api(registry))
    return router


def stations_api(registry: Registry) -> APIRouter:
    router = ScopedRouter(
        Scope.STATIONS_READ, Scope.STATIONS_WRITE, prefix="/chargingstations", tags=["Charging stations"]
    )

    @router.get(
        "",
        response_model=PageOf[Station],
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def list_stations(
        caller: TheCaller, group: Group | None = None, page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[Station]:
        """In the order of their ids; for a caller who is bound to groups, of one group after the other."""
        if caller.groups is not None and group is None:
            return page_of(await registry.find_in_groups(caller.groups, page_size, page_token))
        if not caller.sees_group(group):
            return PageOf(items=[])
        query = Query(equals(group=group), page_size=page_size, page_token=page_token)
        return page_of(await registry.find(query))

    @router.post(
        "",
        status_code=201,
        response_model=Station,
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def create_station(body: NewStation, caller: TheCaller, response: Response) -> Station:
        if not caller.sees_group(body.group):
            raise NotInYourGroups
        station = await registry.create(body)
        response.headers["Location"] = f"/chargingstations/{quote(station.id, safe='')}"
        return station

    @router.get("/{id}", response_model=Station, response_model_exclude_none=True)
    async def get_station(id: str) -> Station:
        return await registry.existing(id)

    @router.get("/{id}/status", response_model=StationStatus, response_model_exclude_none=True)
    async def get_status(id: str) -> StationStatus:
        """Connectors keep the status that they reported last while the station is away."""
        station = await registry.existing(id)
        connection = await registry.connectivity.connection(id)
        since = None if connection.connected else connection.disconnected_at
        known = connection.model_dump(include=set(StationStatus.model_fields) - {"connectors"})
        views = [
            ConnectorView(**one.model_dump(), connected=connection.connected, disconnected_at=since)
            for one in await registry.connectivity.connectors_of(id)
        ]
        return StationStatus(
            id=id, registration_status=station.registration_status, connectors=views, **known
        )

    @router.put("/{id}", response_model=Station, response_model_exclude_none=True)
    async def replace_station(id: str, body: StationBody, caller: TheCaller) -> Station:
        """Replace a station that exists. POST creates one."""
        return await registry.change(id, body, _within(caller, body.replacing))

    @router.patch("/{id}", response_model=Station, response_model_exclude_none=True)
    async def patch_station(id: str, body: StationBody, caller: TheCaller) -> Station:
        """A merge patch (RFC 7396): null removes a field."""
        return await registry.change(id, body, _within(caller, body.merged_into))

    @router.delete("/{id}", status_code=204)
    async def delete_station(id: str) -> None:
        """Delete the station, its secret, its connectors and its state. Transactions and messages stay."""
        await registry.delete(id)

    return router


def older_paths_api(registry: Registry) -> APIRouter:
    router = ScopedRouter(
        Scope.STATIONS_READ,
        Scope.STATIONS_WRITE,
        prefix="/chargingstations",
        tags=["Charging stations, older paths"],
    )

    @router.post(
        "/create",
        status_code=201,
        response_model=Station,
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def create(body: NewStation, caller: TheCaller) -> Station:
        if not caller.sees_group(body.group):
            raise NotInYourGroups
        return await registry.create(body)

    @router.get(
        "/list",
        response_class=StreamingResponse,
        responses={200: {"model": list[Station]}},
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def list_all(caller: TheCaller) -> StreamingResponse:
        """Every station in one response, which is sent while the stations are read page by page."""
        return StreamingResponse(_array(registry, caller), media_type="application/json")

    @router.get("/station/{id}", response_model=Station, response_model_exclude_none=True)
    async def station(id: str) -> Station:
        return await registry.existing(id)

    @router.post("/update/{id}", response_model=Station, response_model_exclude_none=True)
    async def update(id: str, body: StationBody, caller: TheCaller) -> Station:
        """Replace the fields that earlier systems have. Other fields change only if given."""
        return await registry.change(id, body, _within(caller, body.replacing_older_fields))

    @router.post("/delete/{id}", response_model=Station, response_model_exclude_none=True)
    async def delete(id: str) -> Station:
        return await registry.delete(id)

    return router


def _within(caller: Caller, change: Callable[[Station], Station]) -> Callable[[Station], Station]:
    """The same change, which raises ``NotInYourGroups`` where the caller does not see what it makes."""

    def changed(station: Station) -> Station:
        new = change(station)
        if not caller.sees_group(new.group):
            raise NotInYourGroups
        return new

    return changed


async def _array(registry: Registry, caller: Caller) -> AsyncIterator[str]:
    before = "["
    wanted = [{}] if caller.groups is None else [{"group": group} for group in sorted(caller.groups)]
    for equal in wanted:
        async for station in registry.every(Query(equal, page_size=1_000)):
            yield before + station.model_dump_json(by_alias=True, exclude_none=True)
            before = ","
    yield "[]" if before == "[" else "]"
