"""``/reservations``: reservations by REST. Only this module knows how a list is right while time ends what
it shows.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi import Query as Parameter

from libs.csms.access.groups import TheStations
from libs.csms.access.routes import TELLS_GROUPS_APART, ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.clock import rfc3339
from libs.csms.station_messages.api import OcppInteger
from libs.csms.storage.queries import equals
from libs.csms.storage.store import BadPageToken, Page, Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from .model import Reservation, ReservationView, Status
from .service import Reservations

MILLISECOND = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

StationId = Annotated[str | None, Parameter(alias="stationId", description="Of this charging station.")]
IdToken = Annotated[str | None, Parameter(alias="idToken", description="For this token, in any case.")]
ReservationId = Annotated[
    OcppInteger, Path(alias="reservationId", description="The number of the reservation.")
]


def reservations_api(reservations: Reservations) -> APIRouter:
    router = ScopedRouter(Scope.RESERVATIONS_READ, tags=["Reservations"])

    @router.get("/reservations", response_model_exclude_none=True, openapi_extra=TELLS_GROUPS_APART)
    async def list_reservations(
        stations: TheStations,
        station_id: StationId = None,
        status: Status | None = None,
        id_token: IdToken = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[ReservationView]:
        """By the time when they end or ended, the latest first; for a caller who is bound to groups, of one
        station after the other. All pages show the time of the first.
        """
        now, continued = _continued(page_token) if page_token else (reservations.clock(), "")
        after_now = rfc3339(now + MILLISECOND)  # from_ includes its bound, and what ends now has ended

        async def find(of_station: str | None, size: int, token: str) -> Page[Reservation]:
            query = Query(
                equals(
                    stationId=of_station,
                    status="active" if status == "expired" else status,
                    idTokenKey=None if id_token is None else id_token.casefold(),
                ),
                order_by="until",
                descending=True,
                from_=after_now if status == "active" else None,
                to=after_now if status == "expired" else None,
                page_size=size,
                page_token=token,
            )
            return await reservations.documents.find(query)

        page = await stations.find(station_id, find, page_size, continued)
        views = [view for found in page.items if (view := found.shown(now))]
        return page_of(Page(views, page.next_page_token and f"{_milliseconds(now)}.{page.next_page_token}"))

    @router.get("/chargingstations/{id}/reservations/{reservationId}", response_model_exclude_none=True)
    async def get_reservation(id: str, reservation_id: ReservationId) -> ReservationView:
        """The newest one that the station accepted under this number."""
        return await reservations.existing(id, reservation_id)

    return router


def _milliseconds(at: datetime) -> int:
    """Since 1970."""
    return (at - EPOCH) // MILLISECOND


def _continued(token: str) -> tuple[datetime, str]:
    """When the first page was requested, and the store's token."""
    number, dot, rest = token.partition(".")
    if not dot or len(number) > 14 or not (number.isascii() and number.isdecimal()):
        raise BadPageToken("unreadable page token")
    return EPOCH + int(number) * MILLISECOND, rest
