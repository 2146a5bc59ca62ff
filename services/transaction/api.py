"""The REST API of transactions and their meter values."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi import Query as Parameter

from libs.csms.access.groups import TheStations, VisibleStations
from libs.csms.access.routes import TELLS_GROUPS_APART, ScopedRouter
from libs.csms.access.scopes import Scope
from libs.csms.clock import Time
from libs.csms.station_messages.api import bound, messages_api
from libs.csms.storage.queries import equals
from libs.csms.storage.store import BadPageToken, Page, Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from .bodies import TransactionEnd
from .derived import Quality, token_key
from .meter_values import MeterValue, Place, samples_of
from .model import Transaction, TransactionView, UnknownTransaction
from .service import TransactionService

StationId = Annotated[str | None, Parameter(alias="stationId", description="Of this charging station.")]
IdToken = Annotated[
    str | None, Parameter(alias="idToken", description="Of this token, in upper or lower case.")
]
Active = Annotated[bool | None, Parameter(description="Whether the end has not been received.")]
OfQuality = Annotated[
    Quality | None, Parameter(alias="quality", description="`doubtful`: those that a person has to look at.")
]
From = Annotated[Time | None, Parameter(alias="from", description="Started at this time or later.")]
To = Annotated[Time | None, Parameter(description="Started before this time.")]
MeasuredFrom = Annotated[
    Time | None, Parameter(alias="from", description="Measured at this time or later, as the station says.")
]


def api(service: TransactionService) -> APIRouter:
    router = ScopedRouter(Scope.TRANSACTIONS_READ, Scope.TRANSACTIONS_WRITE, tags=["transactions"])

    @router.get("/transactions", response_model_exclude_none=True, openapi_extra=TELLS_GROUPS_APART)
    async def list_transactions(
        stations: TheStations,
        station_id: StationId = None,
        id_token: IdToken = None,
        active: Active = None,
        quality: OfQuality = None,
        from_: From = None,
        to: To = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[TransactionView]:
        """Newest first, by the time of their start; for a caller who is bound to groups, of one station after
        the other.
        """

        async def find(of_station: str | None, size: int, token: str) -> Page[Transaction]:
            query = Query(
                equals(
                    stationId=of_station,
                    idTokenKey=None if id_token is None else token_key(id_token),
                    active=active,
                    quality=quality,
                ),
                order_by="startedAt",
                descending=True,
                from_=bound(from_),
                to=bound(to),
                page_size=size,
                page_token=token,
            )
            return await service.transactions.find(query)

        found = await stations.find(station_id, find, page_size, page_token)
        return page_of(Page(found.items, found.next_page_token))

    @router.get("/transactions/{id}", response_model_exclude_none=True, openapi_extra=TELLS_GROUPS_APART)
    async def get_transaction(id: str, stations: TheStations) -> TransactionView:
        return await _visible(service, id, stations)

    @router.post("/transactions/{id}/end", response_model_exclude_none=True, openapi_extra=TELLS_GROUPS_APART)
    async def end_transaction(id: str, body: TransactionEnd, stations: TheStations) -> TransactionView:
        """End a transaction whose end the station does not report, so that its token is free again.

        The station is told nothing. Should it report the end all the same, that one counts, and this one is
        still shown. 409 if it has ended; sent again, the same end is answered again.
        """
        end = body.checked(await _visible(service, id, stations), service.clock())
        return await service.end(id, end)

    @router.get(
        "/transactions/{id}/metervalues", response_model_exclude_none=True, openapi_extra=TELLS_GROUPS_APART
    )
    async def list_meter_values(
        id: str,
        stations: TheStations,
        from_: MeasuredFrom = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[MeterValue]:
        """Sampled values one by one, the oldest first."""
        transaction = await _visible(service, id, stations)
        return page_of(await _meter_values(service, transaction, from_, page_size, page_token))

    router.include_router(messages_api(service.message_log, service.clock))
    return router


async def _visible(service: TransactionService, id: str, stations: VisibleStations) -> Transaction:
    """Raises ``UnknownTransaction`` for one of a station that the caller may not see, too."""
    transaction = await service.transaction(id)
    if not await stations.include(transaction.station_id):
        raise UnknownTransaction(id)
    return transaction


async def _meter_values(
    service: TransactionService, transaction: Transaction, since: Time | None, size: int, token: str
) -> Page[MeterValue]:
    """A page of samples. Its token is how many to skip, and the store's token of the documents they are in.

    A document holds about ten samples, so a tenth of ``size`` is read at a time.
    """
    place = Place(transaction.station_id, transaction.evse_id, transaction.connector_id)
    skip, token = _split(token)
    items: list[MeterValue] = []
    while True:
        query = Query(
            {"transaction": transaction.id},
            order_by="timestamp",
            from_=bound(since),
            page_size=1 + size // 10,
            page_token=token,
        )
        page = await service.meter_values.find(query)
        found = [sample for stored in page.items for sample in samples_of(stored, place)]
        wanted = found[skip : skip + size - len(items)]
        items += wanted
        skip += len(wanted)
        if skip < len(found):
            return Page(items, f"{skip}.{token}")
        if not page.next_page_token:
            return Page(items)
        skip, token = skip - len(found), page.next_page_token
        if len(items) == size:
            return Page(items, f"{skip}.{token}")


def _split(token: str) -> tuple[int, str]:
    if not token:
        return 0, ""
    skip, dot, rest = token.partition(".")
    if not dot or len(skip) > 6 or not (skip.isascii() and skip.isdecimal()):
        raise BadPageToken(token)
    return int(skip), rest
