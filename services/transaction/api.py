"""The REST API of transactions and their meter values."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from fastapi import Query as Parameter

from libs.csms.clock import Time
from libs.csms.errors import NotFound
from libs.csms.station_messages.api import bound, messages_api
from libs.csms.storage.queries import equals
from libs.csms.storage.store import BadPageToken, Page, Query
from libs.csms.web.paging import PageOf, PageSize, PageToken, page_of

from .meter_values import MeterValue, Place, shown
from .model import Transaction, TransactionView, token_key
from .service import Ledger

Since = Annotated[Time | None, Parameter(alias="from", description="Started at this time or later.")]
Until = Annotated[Time | None, Parameter(description="Started before this time.")]


def api(ledger: Ledger) -> APIRouter:
    router = APIRouter(tags=["transactions"])

    @router.get("/transactions", response_model_exclude_none=True)
    async def list_transactions(
        station_id: Annotated[str | None, Parameter(alias="stationId")] = None,
        id_token: Annotated[str | None, Parameter(alias="idToken")] = None,
        active: bool | None = None,
        from_: Since = None,
        to: Until = None,
        page_size: PageSize = 100,
        page_token: PageToken = "",
    ) -> PageOf[TransactionView]:
        """Newest first, by the time of their start."""
        query = Query(
            equals(
                stationId=station_id,
                idTokenKey=None if id_token is None else token_key(id_token),
                active=active,
            ),
            order_by="startedAt",
            descending=True,
            from_=bound(from_),
            to=bound(to),
            page_size=page_size,
            page_token=page_token,
        )
        found = await ledger.transactions.find(query)
        return page_of(Page(found.items, found.next_page_token))

    @router.get("/transactions/{id}", response_model_exclude_none=True)
    async def get_transaction(id: str) -> TransactionView:
        return await _found(ledger, id)

    @router.get("/transactions/{id}/metervalues", response_model_exclude_none=True)
    async def list_meter_values(
        id: str, page_size: PageSize = 100, page_token: PageToken = ""
    ) -> PageOf[MeterValue]:
        """Sampled values one by one, the oldest first."""
        transaction = await _found(ledger, id)
        return page_of(await _meter_values(ledger, transaction, page_size, page_token))

    router.include_router(messages_api(ledger.message_log, ledger.clock))
    return router


async def _found(ledger: Ledger, id: str) -> Transaction:
    transaction = await ledger.transactions.get(id)
    if transaction is None:
        raise NotFound(f"there is no transaction {id}")
    return transaction


async def _meter_values(ledger: Ledger, transaction: Transaction, size: int, token: str) -> Page[MeterValue]:
    """A page of samples. Its token says how many to skip, and holds the store's for what they are in.

    A document holds about ten samples, so a tenth of ``size`` is read at a time.
    """
    place = Place(transaction.station_id, transaction.evse_id, transaction.connector_id)
    skip, token = _split(token)
    items: list[MeterValue] = []
    while True:
        query = Query(
            {"transaction": transaction.id}, order_by="timestamp", page_size=1 + size // 10, page_token=token
        )
        page = await ledger.meter_values.find(query)
        found = [sample for measured in page.items for sample in shown(measured, place)]
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
