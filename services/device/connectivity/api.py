"""Connections by REST, and how many connectors of the fleet have which status."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter
from fastapi import Query as Parameter

from libs.csms.access.routes import ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.parallel import each
from libs.csms.storage.queries import equals, every
from libs.csms.storage.store import Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of
from libs.ocpp_messages.event import RefusalReason
from libs.ocpp_messages.version import Version

from .attempts import ConnectionAttempt
from .model import Connection
from .service import Connectivity

STATUSES = (
    "Available Preparing Charging SuspendedEVSE SuspendedEV Finishing Occupied Reserved Unavailable Faulted"
).split()
"""ChargePointStatus of 1.6 and ConnectorStatusEnumType of 2.x."""

OFFLINE = "Offline"
"""Counted instead of the reported status where the station of a connector is not connected."""


def connectivity_api(connectivity: Connectivity) -> APIRouter:
    router = ScopedRouter(Scope.STATIONS_READ, tags=["Fleet"])

    @router.get("/connections", response_model=PageOf[Connection], response_model_exclude_none=True)
    async def list_connections(
        connected: bool | None = None,
        gateway_id: Annotated[str | None, Parameter(alias="gatewayId")] = None,
        ocpp_version: Annotated[Version | None, Parameter(alias="ocppVersion")] = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[Connection]:
        """The newest connection of every station, in the order of station ids."""
        found = equals(connected=connected, gatewayId=gateway_id, ocppVersion=ocpp_version)
        query = Query(found, page_size=page_size, page_token=page_token)
        return page_of(await connectivity.connections.find(query))

    @router.get(
        "/connectionattempts", response_model=PageOf[ConnectionAttempt], response_model_exclude_none=True
    )
    async def list_connection_attempts(
        station_id: Annotated[str | None, Parameter(alias="stationId")] = None,
        reason: RefusalReason | None = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[ConnectionAttempt]:
        """Handshakes that were refused, newest first: at most 1,000, one of each station and reason. An
        `unknownStation` can be registered with its id by `POST /chargingstations`.
        """
        found = equals(stationId=station_id, reason=reason)
        query = Query(found, "lastAt", descending=True, page_size=page_size, page_token=page_token)
        return page_of(await connectivity.attempts.find(query))

    return router


async def connectors_by_status(connectivity: Connectivity) -> dict[str, int]:
    """The number of connectors by status, and the number of those whose station is not connected. Connector 0
    of OCPP 1.6, which is the whole station, does not count.
    """
    counts = {status: await _count(connectivity, status) for status in STATUSES}
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
