"""``/chargingstations/{id}/locallist``: the list that a station should have, and whether it has it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from libs.csms.clients.stations import Stations
from libs.csms.clock import Time
from libs.csms.storage.store import Document, Query
from libs.csms.web.app import Body
from libs.csms.web.paging import PageSize, PageToken

from ..bodies import TokenText
from ..service import User
from . import wishes
from .model import LocalList, Status

Texts = Annotated[list[TokenText], Field(max_length=wishes.MOST_TOKENS)]


class WholeList(Body):
    """Tokens that there are, of any type but KeyCode. In which case and order they are named is the same."""

    id_tokens: Texts


class ListChange(Body):
    add: Texts = []
    remove: Texts = []


class LocalListState(Document):
    """``version`` is what the station has confirmed: absent while nobody knows what it has.

    ``pending`` is brought as soon as the station takes it, ``failed`` (with its ``reason``) when the list
    changes or the station connects again.
    """

    station_id: str
    status: Status
    reason: str | None = None
    version: int | None = None
    tokens: int
    updated_at: Time
    synchronized_at: Time | None = None


class LocalListView(LocalListState):
    """With a page of its tokens, in the order of their texts without regard to case."""

    id_tokens: list[str]
    next_page_token: str | None = None


def local_lists_api(user: User, stations: Stations) -> APIRouter:
    router = APIRouter(prefix="/chargingstations/{id}/locallist", tags=["Local lists"])

    @router.get("", response_model=LocalListView, response_model_exclude_none=True)
    async def get_local_list(id: str, page_size: PageSize = 100, page_token: PageToken = "") -> LocalListView:
        state = await _state(user, await wishes.existing(user, id))
        query = Query({"stationId": id, "wanted": True}, page_size=page_size, page_token=page_token)
        page = await user.local_lists.entries.find(query)
        texts = [entry.id_token for entry in page.items]
        next_page = page.next_page_token or None
        return LocalListView(**state.model_dump(), id_tokens=texts, next_page_token=next_page)

    @router.put("", response_model=LocalListState, response_model_exclude_none=True)
    async def replace_local_list(id: str, body: WholeList) -> LocalListState:
        """The whole list. The first one replaces whatever the station has; an empty one empties it."""
        return await _state(user, await wishes.replace(user, stations, id, body.id_tokens))

    @router.patch("", response_model=LocalListState, response_model_exclude_none=True)
    async def change_local_list(id: str, body: ListChange) -> LocalListState:
        """Some tokens more, some less. To remove what is not on the list changes nothing."""
        return await _state(user, await wishes.change(user, id, body.add, body.remove))

    @router.delete("", status_code=202, response_model=LocalListState, response_model_exclude_none=True)
    async def delete_local_list(id: str) -> LocalListState:
        """The station is given an empty list. When it has confirmed that, there is no list here any more."""
        return await _state(user, await wishes.leave(user, id))

    return router


async def _state(user: User, known: LocalList) -> LocalListState:
    tokens = await user.local_lists.wanted(known.station_id)
    fields = set(LocalListState.model_fields) - {"tokens"}
    return LocalListState(**known.model_dump(include=fields), tokens=tokens)
