"""Connections and connectors of the fleet by REST, and how many connectors have which status."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal, get_args

from fastapi import APIRouter
from fastapi import Query as Parameter

from libs.csms.access.groups import TheStations
from libs.csms.access.routes import TELLS_GROUPS_APART, ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.parallel import each
from libs.csms.storage.queries import equals, every
from libs.csms.storage.store import Page, Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of
from libs.ocpp_messages.event import RefusalReason
from libs.ocpp_messages.version import Version

from .attempts import ConnectionAttempt
from .model import Connection, Connector
from .service import Connectivity
from .views import ConnectorView

ConnectorStatus = Literal[
    "Available",
    "Preparing",
    "Charging",
    "SuspendedEVSE",
    "SuspendedEV",
    "Finishing",
    "Occupied",
    "Reserved",
    "Unavailable",
    "Faulted",
]
"""ChargePointStatus of 1.6 and ConnectorStatusEnumType of 2.x."""

STATUSES: tuple[ConnectorStatus, ...] = get_args(ConnectorStatus)

OFFLINE = "Offline"
"""Counted instead of the reported status where the station of a connector is not connected."""


def connectivity_api(connectivity: Connectivity) -> APIRouter:
    router = ScopedRouter(Scope.STATIONS_READ, tags=["Fleet"])

    @router.get(
        "/connections",
        response_model=PageOf[Connection],
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def list_connections(
        stations: TheStations,
        connected: bool | None = None,
        gateway_id: Annotated[str | None, Parameter(alias="gatewayId")] = None,
        ocpp_version: Annotated[Version | None, Parameter(alias="ocppVersion")] = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[Connection]:
        """The newest connection of every station, in the order of station ids."""

        async def find(station_id: str | None, size: int, token: str) -> Page[Connection]:
            if station_id is not None:
                one = await connectivity.connections.get(station_id)
                return Page([one] if one is not None and is_wanted(one) else [])
            found = equals(connected=connected, gatewayId=gateway_id, ocppVersion=ocpp_version)
            return await connectivity.connections.find(Query(found, page_size=size, page_token=token))

        def is_wanted(one: Connection) -> bool:
            return (
                connected in (None, one.connected)
                and gateway_id in (None, one.gateway_id)
                and ocpp_version in (None, one.ocpp_version)
            )

        return page_of(await stations.find(None, find, page_size, page_token))

    @router.get(
        "/connectors",
        response_model=PageOf[ConnectorView],
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def list_connectors(
        stations: TheStations,
        station_id: Annotated[str | None, Parameter(alias="stationId")] = None,
        status: Annotated[
            ConnectorStatus | None, Parameter(description="As reported last, whether connected or not.")
        ] = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[ConnectorView]:
        """The connectors of the fleet, station by station. `evseId` 0 is a whole station of OCPP 1.6."""

        async def find(id: str | None, size: int, token: str) -> Page[Connector]:
            query = Query(equals(stationId=id, status=status), page_size=size, page_token=token)
            return await connectivity.connectors.find(query)

        page = await stations.find(station_id, find, page_size, page_token)
        known = await connectivity.connections_of(one.station_id for one in page.items)
        views = [ConnectorView.of(one, known[one.station_id]) for one in page.items]
        return page_of(Page(views, page.next_page_token))

    @router.get(
        "/connectionattempts",
        response_model=PageOf[ConnectionAttempt],
        response_model_exclude_none=True,
        openapi_extra=TELLS_GROUPS_APART,
    )
    async def list_connection_attempts(
        stations: TheStations,
        station_id: Annotated[str | None, Parameter(alias="stationId")] = None,
        reason: RefusalReason | None = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[ConnectionAttempt]:
        """Handshakes that were refused, newest first: at most 1,000, one of each station and reason. An
        `unknownStation` can be registered with its id by `POST /chargingstations`.
        """

        async def find(id: str | None, size: int, token: str) -> Page[ConnectionAttempt]:
            found = equals(stationId=id, reason=reason)
            query = Query(found, "lastAt", descending=True, page_size=size, page_token=token)
            return await connectivity.attempts.find(query)

        return page_of(await stations.find(station_id, find, page_size, page_token))

    return router


async def connectors_by_status(connectivity: Connectivity) -> dict[str, int]:
    """The number of connectors by status, and the number of those whose station is not connected. Connector 0
    of OCPP 1.6, which is the whole station, does not count.
    """
    counts: dict[str, int] = {status: await _count(connectivity, status) for status in STATUSES}
    offline = await _offline_connectors(connectivity)
    counts = {status: count - offline[status] for status, count in counts.items()}
    return counts | {OFFLINE: offline.total()}


async def _count(connectivity: Connectivity, status: str) -> int:
    total = await connectivity.connectors.count({"status": status})
    return total - await connectivity.connectors.count({"status": status, "evseId": 0}) if total else 0


async def _offline_connectors(connectivity: Connectivity) -> Counter[str]:
    """By status. Reads the connectors of every station that is not connected; these are few in normal
    operation.
    """
    offline: Counter[str] = Counter()

    async def add(connection: Connection) -> None:
        found = await connectivity.connectors_of(connection.station_id)
        offline.update(one.status for one in found if one.evse_id > 0)

    await each(every(connectivity.connections, Query({"connected": False}, page_size=1_000)), add)
    return offline


async def count_stations(connectivity: Connectivity, ids: Sequence[str]) -> tuple[int, dict[str, int]]:
    """How many of these stations are connected, and their connectors as in ``connectors_by_status``. Reads
    what is known of each.
    """
    connected, counts = 0, Counter(dict.fromkeys([*STATUSES, OFFLINE], 0))

    async def add(id: str) -> None:
        nonlocal connected
        connection, connectors = await asyncio.gather(
            connectivity.connection(id), connectivity.connectors_of(id)
        )
        connected += connection.connected
        counts.update(
            one.status if connection.connected else OFFLINE for one in connectors if one.evse_id > 0
        )

    await each(ids, add)
    return connected, dict(counts)
