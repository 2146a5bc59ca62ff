"""Reservations by REST. This alone knows how a list is right although time ends what it shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi import Query as Parameter

from libs.csms.clock import rfc3339
from libs.csms.errors import NotFound
from libs.csms.station_messages.api import OcppInteger
from libs.csms.storage.queries import equals
from libs.csms.storage.store import BadPageToken, Page, Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from .reservation import ReservationView, Status, key, token_key
from .service import User

MILLISECOND = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def reservations_api(user: User) -> APIRouter:
    router = APIRouter(tags=["Reservations"])

    @router.get("/reservations", response_model_exclude_none=True)
    async def list_reservations(
        station_id: Annotated[str | None, Parameter(alias="stationId")] = None,
        status: Status | None = None,
        id_token: Annotated[str | None, Parameter(alias="idToken")] = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[ReservationView]:
        """By the time when they end or ended, the latest first. All pages show the time of the first."""
        now, token = _continued(page_token) if page_token else (user.clock(), "")
        passed = rfc3339(now + MILLISECOND)  # from_ includes its bound, and what ends now has ended
        query = Query(
            equals(
                stationId=station_id,
                status="active" if status == "expired" else status,
                idTokenKey=None if id_token is None else token_key(id_token),
            ),
            order_by="until",
            descending=True,
            from_=passed if status == "active" else None,
            to=passed if status == "expired" else None,
            page_size=page_size,
            page_token=token,
        )
        page = await user.reservations.find(query)
        shown = [view for found in page.items if (view := found.shown(now))]
        return page_of(Page(shown, page.next_page_token and f"{_number(now)}.{page.next_page_token}"))

    @router.get("/chargingstations/{id}/reservations/{reservationId}", response_model_exclude_none=True)
    async def get_reservation(
        id: str, reservation_id: Annotated[OcppInteger, Path(alias="reservationId")]
    ) -> ReservationView:
        """The newest one that the station accepted under this number."""
        found = await user.reservations.get(key(id, reservation_id))
        if found is None or (view := found.shown(user.clock())) is None:
            raise NotFound("the charging station has accepted no reservation of that number")
        return view

    return router


def _number(at: datetime) -> int:
    return (at - EPOCH) // MILLISECOND


def _continued(token: str) -> tuple[datetime, str]:
    """When the first page was asked for, and the store's token."""
    number, dot, rest = token.partition(".")
    if not dot or len(number) > 14 or not (number.isascii() and number.isdecimal()):
        raise BadPageToken("unreadable page token")
    return EPOCH + int(number) * MILLISECOND, rest
