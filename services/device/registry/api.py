"""``/chargingstations`` by REST: the resource, its status, and the five paths of earlier systems."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self
from urllib.parse import quote

from fastapi import APIRouter, Depends, Response
from fastapi import Query as Parameter
from fastapi.responses import StreamingResponse
from pydantic import Field

from libs.csms.access.callers import Caller, TheCaller
from libs.csms.access.routes import TELLS_GROUPS_APART, ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.clients.admission import RegistrationStatus
from libs.csms.clock import Time
from libs.csms.errors import Forbidden
from libs.csms.storage.queries import equals
from libs.csms.storage.store import Document, Page, Query, Scalar
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from ..connectivity.model import Connection
from ..connectivity.views import ConnectorView
from .bodies import Group, NewStation, StationBody
from .model import Station, StationView
from .search import MAX_KEY, search_key
from .service import Registry

With = Annotated[
    Literal["connection"] | None,
    Parameter(alias="with", description="`connection`: tell also whether and since when each is connected."),
]


class NotInYourGroups(Forbidden):
    """A caller who is bound to groups would have a station in another one, or in none."""

    def __init__(self) -> None:
        super().__init__("body.group: you may have stations in your groups only")


class ListedStation(StationView):
    """A station in the list. What `with=connection` adds is absent without it."""

    connected: bool | None = Field(default=None, description="Whether the station is connected.")
    ocpp_version: str | None = Field(
        default=None, description="Of its newest connection: ocpp1.6, ocpp2.0.1 or ocpp2.1."
    )
    disconnected_at: Time | None = Field(default=None, description="When its newest connection ended.")
    last_seen: Time | None = Field(
        default=None, description="When its last message was received, to five minutes."
    )

    @classmethod
    def of(cls, station: Station, connection: Connection | None) -> Self:
        known = {} if connection is None else connection.model_dump(include=OF_CONNECTION)
        return cls(**dict(station), **known)


OF_CONNECTION = ListedStation.model_fields.keys() - StationView.model_fields.keys()

Name = Annotated[str | None, Parameter(max_length=255)]


@dataclass(frozen=True)
class StationFilter:
    """Which stations a list shows: those that match all of it."""

    q: Annotated[
        str,
        Parameter(
            max_length=MAX_KEY,
            description="The beginning of the id, serialNumber, model, vendorName or group, or of a word or a"
            " number in one of them, in any case: `123` finds `CS-000123`.",
        ),
    ] = ""
    group: Group | None = None
    registration_status: Annotated[RegistrationStatus | None, Parameter(alias="registrationStatus")] = None
    vendor_name: Annotated[Name, Parameter(alias="vendorName", description="Compared exactly.")] = None
    model: Annotated[Name, Parameter(description="Compared exactly.")] = None
    firmware_version: Annotated[Name, Parameter(alias="firmwareVersion", description="Compared exactly.")] = (
        None
    )

    @property
    def equals(self) -> dict[str, Scalar]:
        return equals(
            group=self.group,
            registrationStatus=self.registration_status,
            vendorName=self.vendor_name,
            model=self.model,
            firmwareVersion=self.firmware_version,
        )

    def includes(self, station: Station) -> bool:
        """Whether all but ``q`` matches."""
        known = station.model_dump(by_alias=True, exclude={"search_keys"})
        return all(known[field] == value for field, value in self.equals.items())


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
    remote_address: str | None = Field(
        default=None, description="Where its newest connection comes from, as in `GET /connections`."
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
        response_model=PageOf[ListedStation],
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def list_stations(
        caller: TheCaller,
        wanted: Annotated[StationFilter, Depends()],
        with_: With = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[ListedStation]:
        """In the order of their ids; for a caller who is bound to groups, of one group after the other. With
        `q` a page may be short, or empty with a `nextPageToken`, where other filters or groups leave few.
        """
        page = await _find(registry, caller, wanted, page_size, page_token)
        connections: Mapping[str, Connection] = {}
        if with_ is not None:
            connections = await registry.connectivity.connections_of(one.id for one in page.items)
        items = [ListedStation.of(one, connections.get(one.id)) for one in page.items]
        return page_of(Page(items, page.next_page_token))

    @router.post(
        "",
        status_code=201,
        response_model=StationView,
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def create_station(body: NewStation, caller: TheCaller, response: Response) -> Station:
        if not caller.sees_group(body.group):
            raise NotInYourGroups
        station = await registry.create(body)
        response.headers["Location"] = f"/chargingstations/{quote(station.id, safe='')}"
        return station

    @router.get("/{id}", response_model=StationView, response_model_exclude_none=True)
    async def get_station(id: str) -> Station:
        return await registry.existing(id)

    @router.get("/{id}/status", response_model=StationStatus, response_model_exclude_none=True)
    async def get_status(id: str) -> StationStatus:
        """Connectors keep the status that they reported last while the station is away."""
        station = await registry.existing(id)
        connection = await registry.connectivity.connection(id)
        known = connection.model_dump(include=set(StationStatus.model_fields) - {"connectors"})
        connectors = await registry.connectivity.connectors_of(id)
        views = [ConnectorView.of(one, connection) for one in connectors]
        return StationStatus(
            id=id, registration_status=station.registration_status, connectors=views, **known
        )

    @router.put("/{id}", response_model=StationView, response_model_exclude_none=True)
    async def replace_station(id: str, body: StationBody, caller: TheCaller) -> Station:
        """Replace a station that exists. POST creates one."""
        return await registry.change(id, body, _within(caller, body.replacing))

    @router.patch("/{id}", response_model=StationView, response_model_exclude_none=True)
    async def patch_station(id: str, body: StationBody, caller: TheCaller) -> Station:
        """A merge patch (RFC 7396): null removes a field."""
        return await registry.change(id, body, _within(caller, body.merged_into))

    @router.delete("/{id}", status_code=204)
    async def delete_station(id: str) -> None:
        """Delete the station, its secret, its connectors and its state. Transactions and messages stay."""
        await registry.delete(id)

    return router


async def _find(
    registry: Registry, caller: Caller, wanted: StationFilter, size: int, token: str
) -> Page[Station]:
    """Those that the caller sees."""
    if search_key(wanted.q):
        return await registry.search(
            wanted.q, lambda one: wanted.includes(one) and caller.sees_group(one.group), size, token
        )
    if caller.groups is not None and wanted.group is None:
        return await registry.find_in_groups(caller.groups, wanted.equals, size, token)
    if not caller.sees_group(wanted.group):
        return Page([])
    return await registry.find(Query(wanted.equals, page_size=size, page_token=token))


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
        response_model=StationView,
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
        responses={200: {"model": list[StationView]}},
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def list_all(caller: TheCaller) -> StreamingResponse:
        """Every station in one response, which is sent while the stations are read page by page."""
        return StreamingResponse(_array(registry, caller), media_type="application/json")

    @router.get("/station/{id}", response_model=StationView, response_model_exclude_none=True)
    async def station(id: str) -> Station:
        return await registry.existing(id)

    @router.post("/update/{id}", response_model=StationView, response_model_exclude_none=True)
    async def update(id: str, body: StationBody, caller: TheCaller) -> Station:
        """Replace the fields that earlier systems have. Other fields change only if given."""
        return await registry.change(id, body, _within(caller, body.replacing_older_fields))

    @router.post("/delete/{id}", response_model=StationView, response_model_exclude_none=True)
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
            yield before + station.model_dump_json(by_alias=True, exclude_none=True, exclude={"search_keys"})
            before = ","
    yield "[]" if before == "[" else "]"
